"""Notes: small JSON files beside a record, or in the place of a withdrawn one."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal, TypeVar

from pydantic import Field, ValidationError, field_validator

from vidgen_bench.config.toml import Strict, explain
from vidgen_bench.leaderboard.submissions.layout import NOTE_BYTES
from vidgen_bench.leaderboard.submissions.untrusted_json import InvalidJson, parse
from vidgen_bench.records.entries import SHA256


class Note(Strict):
    """What every note has."""

    schema_: Literal[1] = Field(alias="schema")
    seed: int = Field(ge=0)
    date: str = Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    record: str = Field(pattern=SHA256, description="SHA-256 of the record file that the note is about")

    @field_validator("date")
    @classmethod
    def _is_a_day(cls, text: str) -> str:
        try:
            date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"the calendar has no day {text}") from None
        return text

    def text(self) -> str:
        """Return the JSON text of the file."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


Kind = TypeVar("Kind", bound=Note)


def parse_note(content: bytes, name: str, kind: type[Kind], names: re.Pattern[str]) -> Kind:
    """Return the note in a file.

    Args:
        content: the bytes of the file.
        name: its name, which has the seed.
        kind: the expected kind of note; messages use its name.
        names: the pattern of the file names of this kind, whose group is the seed.
    Raises:
        InvalidJson: the file is not accepted; the message is the reason, not yet safe to print.
    """
    called = kind.__name__.lower()
    one = f"{'an' if called[0] in 'aeiou' else 'a'} {called}"
    if len(content) > NOTE_BYTES:
        raise InvalidJson(f"has {len(content):,} bytes; {one} has at most {NOTE_BYTES:,}")
    try:
        note = kind.model_validate(parse(content))
    except ValidationError as error:
        raise InvalidJson(f"is not a valid {called}: {explain(error, kind).strip()}") from None
    match = names.fullmatch(name)
    if match is None or int(match[1]) != note.seed:
        raise InvalidJson(f"is {one} of seed {note.seed}, which the file name does not say")
    return note
