"""Records: one finished run per JSON file. A leaderboard is derived from records alone.

Except for ``measured`` (times, memory, dates, hardware), a record is a function of the request, the data and the environment that it
names: a run that was interrupted and resumed writes the same bytes as an uninterrupted one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError, model_validator

from vidgen_bench.config.toml import explain
from vidgen_bench.config.track import track_fingerprint
from vidgen_bench.errors import RecordError
from vidgen_bench.escaping import finite
from vidgen_bench.records.code import CodeEntry
from vidgen_bench.records.consistency import disagreements
from vidgen_bench.records.content import Content
from vidgen_bench.records.entries import ModelEntry
from vidgen_bench.records.migration import migrated
from vidgen_bench.system.files import write_text
from vidgen_bench.system.library_errors import reason
from vidgen_bench.system.regular_files import read_file

RECORD_FILE = "record.json"
"""The file name of the record in a run folder."""


class Record(Content):
    """The record of a finished run, or of external clips that were scored like one."""

    @model_validator(mode="after")
    def _consistent(self) -> Record:
        if track_fingerprint(self.track.declared) != self.track.fingerprint:
            raise ValueError("the track's fingerprint does not match its declaration; was the record edited by hand?")
        if (fault := next(disagreements(self), None)) is not None:
            raise ValueError(fault)
        return self

    def values(self) -> dict[str, Any]:
        """Return the record as JSON values, without a ``model`` or ``code`` that says nothing: records of earlier versions have none."""
        table = self.model_dump(mode="json", by_alias=True)
        if self.code == CodeEntry():
            del table["code"]
        if self.model == ModelEntry():
            del table["model"]
        return table

    def text(self) -> str:
        """Return the record as JSON text, indented by two spaces, ``measured`` last."""
        return json.dumps(self.values(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_record(path: Path, record: Record, *, below: Path | None = None) -> None:
    """Write a record atomically, after checking its text in the same way as a reader does.

    Args:
        path: the file.
        record: its content.
        below: the folder whose inner folders must not be links.
    Raises:
        pydantic.ValidationError: the record is not valid, such as a copy with changed fields; nothing is written.
    """
    text = record.text()
    Record.model_validate_json(text)
    write_text(path, text, below=below)


DEEPEST = 50
"""The most levels of nesting in a record; JSON that is nested hundreds of levels deep can be read, but not written again."""


def _deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_deeper(part, levels - 1) for part in inner)


def _strict(table: Any) -> Any:
    """Return a record's table with texts for numbers that are not finite, which Python writes and reads and JSON does not have."""
    try:
        json.dumps(table, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeError:  # half a surrogate pair is valid JSON, but cannot be written as UTF-8
        raise
    except ValueError:
        table = finite(table)
        json.dumps(table, ensure_ascii=False).encode()
    return table


def read_record(path: Path, *, below: Path | None = None) -> Record:
    """Return the validated record in a file; a record of an earlier schema is migrated.

    Args:
        path: the file.
        below: the folder whose inner folders must not be links.
    Raises:
        RecordError: missing, a link, pipe or device, too large, not valid JSON, an unknown schema, or invalid fields; the message
            names file, field and fix.
        UnreadableError: it may not be read; it may be intact.
    """
    try:
        content = read_file(path, below=below)
    except FileNotFoundError as error:
        raise RecordError(f"The record {path} cannot be read: {error.strerror}.") from None
    return parse_record(content, str(path))


def parse_record(content: bytes, name: str) -> Record:
    """Return the validated record in a JSON text; ``name`` is the file in messages.

    Raises:
        RecordError: not valid JSON, an unknown schema, or invalid fields; the message names file, field and fix.
    """
    fix = "Restore the file from the run that wrote it, or delete it and run the spec again."
    try:
        table = json.loads(content)
        table = _strict(table)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"The record {name} is not valid JSON: {reason(error)}. {fix}") from None
    if _deeper(table, DEEPEST):
        raise RecordError(f"The record {name} is nested deeper than {DEEPEST} levels. {fix}")
    table = migrated(table, name)
    try:
        return Record.model_validate(table)
    except ValidationError as error:
        raise RecordError(f"The record {name} is not valid:\n{explain(error, Record)}\n{fix}") from None


RUN_FILES = (RECORD_FILE, "request.json")
"""A folder with either of these files is a run folder."""
