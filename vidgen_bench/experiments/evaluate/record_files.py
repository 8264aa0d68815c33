"""The record files of one subject, a run or a set of external clips, one file per set of protocols."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from pathlib import Path

from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol
from vidgen_bench.records.record import RECORD_FILE, Record, read_record
from vidgen_bench.system.regular_files import is_there

FOLDER = "evaluations"


class RecordFiles:
    """``record.json`` of one subject, and the records of further protocols in ``evaluations/``."""

    def __init__(self, base: Path, below: Path | None = None) -> None:
        """Use the folder ``base``; ``below`` is the folder of runs that the user gave, in which no folder may be a link."""
        self.base = base
        self._below = below or base

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the subject's folder for the length of the block; after an error, new empty folders are removed.

        Raises:
            BusyError: another process holds the lock.
        """
        new = [p for p in (self.base, *self.base.parents) if not is_there(p)]
        lock = self.base / ".lock"
        fresh = not is_there(lock)
        with RunFolder(self.base, self._below).locked() as ownership:
            try:
                yield
            except BaseException:
                ownership.release()
                with suppress(OSError):  # a folder that is not empty stays
                    if fresh:
                        lock.unlink(missing_ok=True)
                    for folder in new:
                        folder.rmdir()
                raise

    def records(self) -> Iterator[tuple[Path, Record]]:
        """Yield every record of the subject, ``record.json`` first.

        Raises:
            RecordError: a record is not valid, or is a link.
        """
        for path in (self.base / RECORD_FILE, *sorted((self.base / FOLDER).glob(f"*/{RECORD_FILE}"))):
            if is_there(path):
                yield path, read_record(path, below=self._below)

    def holding(self, ids: Set[str]) -> tuple[Path, Record] | None:
        """Return the path and record with scores under all of these protocol ids, or None."""
        return next(((path, r) for path, r in self.records() if ids <= measured_under(r)), None)

    def free(self, resolved_protocols: Sequence[ResolvedProtocol], ids: Set[str]) -> Path:
        """Return the path for a new record with these protocol ids."""
        if not is_there(self.base / RECORD_FILE):
            return self.base / RECORD_FILE
        names = "+".join(m.protocol.name for m in resolved_protocols)[:80]
        tail = hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:12]
        return self.base / FOLDER / f"{names}-{tail}" / RECORD_FILE


def measured_under(record: Record) -> set[str]:
    """Return the ids of the protocols under which a record has scores."""
    return {record.metrics[name].protocol for name in record.scores}
