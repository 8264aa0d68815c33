"""Where the record of an evaluation goes, and what has been measured of the same clips before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from vidgen_bench.measure import Measure
from vidgen_bench.records import Record, read_record

RECORD_FILE = "record.json"
FOLDER = "evaluations"


class Shelf:
    """The record of one subject, and those of other protocols in ``evaluations/`` beside it."""

    def __init__(self, base: Path) -> None:
        self.base = base

    def records(self) -> Iterator[tuple[Path, Record]]:
        """Yield every record of the subject, the first one first.

        Raises:
            RecordError: one is not valid.
        """
        for path in (self.base / RECORD_FILE, *sorted((self.base / FOLDER).glob(f"*/{RECORD_FILE}"))):
            if path.exists():
                yield path, read_record(path)

    def holding(self, identity: str) -> tuple[Path, Record] | None:
        """Return the record with scores under the protocol of this id."""
        return next(((path, r) for path, r in self.records() if identity in measured_under(r)), None)

    def free(self, measures: Sequence[Measure], ids: Sequence[str]) -> Path:
        """Return where a new record of these measures goes, whose ids are given."""
        if not (self.base / RECORD_FILE).exists():
            return self.base / RECORD_FILE
        names = "+".join(m.protocol.name for m in measures)[:80]
        tail = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:12]
        return self.base / FOLDER / f"{names}-{tail}" / RECORD_FILE


def measured_under(record: Record) -> set[str]:
    """Return the ids of the protocols that a record has scores under."""
    return {record.metrics[name].protocol for name in record.scores}
