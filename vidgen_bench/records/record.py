"""Records: one finished run as one JSON file. A leaderboard is derived from records and from nothing else.

Everything but ``measured`` (times, memory, dates, hardware) is a function of the request, the data and the environment that the
record names: an interrupted and resumed run writes the same bytes there as one that ran through.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError, model_validator

from vidgen_bench.config.toml import explain
from vidgen_bench.config.track import track_fingerprint
from vidgen_bench.errors import RecordError
from vidgen_bench.records.consistency import disagreements
from vidgen_bench.records.content import Content
from vidgen_bench.system.files import write_text

SCHEMA = 2

RECORD_FILE = "record.json"
"""What a run folder calls its record."""


class Record(Content):
    """A finished run, or clips from elsewhere that were measured like one."""

    @model_validator(mode="after")
    def _consistent(self) -> Record:
        if track_fingerprint(self.track.declared) != self.track.fingerprint:
            raise ValueError("the track's fingerprint is not that of what it declares; was the record edited by hand?")
        if (fault := next(disagreements(self), None)) is not None:
            raise ValueError(fault)
        return self

    def text(self) -> str:
        """Return the record as it is written: JSON, two spaces, ``measured`` last."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False) + "\n"


def write_record(path: Path, record: Record) -> None:
    """Write a record whole."""
    write_text(path, record.text())


DEEPEST = 50
"""Levels of tables in a record; what is nested some hundreds deep can be read, and not be written again."""


def _deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_deeper(part, levels - 1) for part in inner)


def read_record(path: Path) -> Record:
    """Return the validated record of a file.

    Raises:
        RecordError: unreadable, no JSON, another schema, or nonsense inside; the text names the file, the place and the fix.
    """
    fix = "Restore the file from the run that wrote it, or delete it and run the spec again."
    try:
        table = json.loads(path.read_bytes())
        json.dumps(table, ensure_ascii=False).encode()  # half a surrogate pair is JSON, and no text that can be printed
    except OSError as error:
        raise RecordError(f"The record {path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, RecursionError) as error:
        raise RecordError(f"The record {path} is no JSON: {error}. {fix}") from None
    if isinstance(table, dict) and table.get("schema", SCHEMA) != SCHEMA:
        raise RecordError(
            f"The record {path} has schema {table['schema']!r}; this version reads schema {SCHEMA}. Use the version that wrote it."
        )
    if _deeper(table, DEEPEST):
        raise RecordError(f"The record {path} is nested deeper than {DEEPEST} levels. {fix}")
    try:
        return Record.model_validate(table)
    except ValidationError as error:
        raise RecordError(f"The record {path} is not valid:\n{explain(error, Record)}\n{fix}") from None


RUN_FILES = (RECORD_FILE, "request.json")
"""By either of them a run folder is known."""
