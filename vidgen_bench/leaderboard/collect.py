"""Find records in folders; an invalid one is reported and does not hide the others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vidgen_bench.errors import RecordError
from vidgen_bench.records.record import RECORD_FILE, Record, read_record


@dataclass(frozen=True)
class Entry:
    """A valid record and its file."""

    path: Path
    record: Record


@dataclass(frozen=True)
class Collected:
    """The valid records, and the faults of the invalid files."""

    entries: tuple[Entry, ...]
    faults: tuple[RecordError, ...]


def collect(runs: Iterable[Path], shipped: Iterable[Path] = ()) -> Collected:
    """Return the records in folders, each file once, ordered by path.

    Args:
        runs: folders to search for files named ``record.json``, at any depth, or paths of such files.
        shipped: folders in which every ``.json`` file is a record, except tombstones, attestations and their folder ``published``.
    """
    faults: list[RecordError] = []
    paths = {p.resolve(): p for root in shipped for p in _below(root, faults) if _shipped(root, p)}
    paths |= {p.resolve(): p for root in runs for p in _below(root, faults) if p.name == RECORD_FILE or p == root}
    entries: list[Entry] = []
    for path in sorted(paths.values()):
        try:
            entries.append(Entry(path, _rankable(path)))
        except RecordError as error:
            faults.append(error)
    return Collected(tuple(entries), tuple(faults))


def _shipped(root: Path, path: Path) -> bool:
    notes = (".withdrawn.json", ".attested.json")  # of a record that is gone, and of one that was repeated
    return path.suffix == ".json" and not path.name.endswith(notes) and path.relative_to(root).parts[0] != "published"


def _below(root: Path, faults: list[RecordError]) -> Iterator[Path]:
    """Yield the visible files below a folder, or the file itself; unreadable folders are added to ``faults``."""
    if root.is_file():
        yield root
        return

    def unreadable(error: OSError) -> None:
        faults.append(RecordError(f"The folder {error.filename} cannot be searched: {error.strerror}."))

    for folder, inner, files in os.walk(root, onerror=unreadable):
        inner[:] = [name for name in inner if not name.startswith(".")]
        yield from (Path(folder) / name for name in files if not name.startswith("."))


def _rankable(path: Path) -> Record:
    """Read a record and check that it has a metric to rank by.

    Raises:
        RecordError: the record is not valid, or has no metric to rank by.
    """
    record = read_record(path)
    if selected(record) is not None:
        return record
    if not isinstance(record.track.evaluation.get("select"), str):
        fault = "track.declared.evaluation.select: expected the name of a metric."
    else:
        fault = "metrics: expected at least one metric to rank by."
    fix = "Restore the file from the run that wrote it, or delete it and run the spec again."
    raise RecordError(f"The record {path} is not valid:\n  {fault}\n{fix}")


def selected(record: Record) -> str | None:
    """Return the metric to rank by: the track's, else the first metric of the record that is not extra, else None."""
    metric = record.track.evaluation.get("select")
    if not isinstance(metric, str) or metric in record.metrics:
        return metric if isinstance(metric, str) else None
    return next((name for name, entry in record.metrics.items() if not entry.extra), None)
