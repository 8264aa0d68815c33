"""Find records in folders; an invalid one is reported and does not hide the others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vidgen_bench.errors import RecordError
from vidgen_bench.leaderboard.files import FoundFile, files_below
from vidgen_bench.leaderboard.index.record_index import RecordIndex
from vidgen_bench.leaderboard.kept import During, digest_of, during_of, keep
from vidgen_bench.records.record import RECORD_FILE, Record, read_record
from vidgen_bench.system.places import cache_folder

INDEX_FILE = "leaderboard.sqlite"
"""The name of the index in the cache folder."""


@dataclass(frozen=True)
class Entry:
    """A valid record and its file."""

    path: Path
    record: Record
    """Without its trace if it comes from :func:`collect`; ``during`` has what the leaderboard reads of it."""
    digest: str = ""
    """Equal for copies of a record; computed unless given."""
    during: Mapping[str, During] = field(default_factory=dict)
    """Two numbers per metric of the trace; computed from it unless a digest is given."""

    def __post_init__(self) -> None:
        """Compute the digest and the numbers of the trace of an entry that is made from a record alone."""
        if not self.digest:
            object.__setattr__(self, "digest", digest_of(self.record))
            object.__setattr__(self, "during", during_of(self.record))


@dataclass(frozen=True)
class Collected:
    """The valid records, and the faults of the invalid files."""

    entries: tuple[Entry, ...]
    faults: tuple[RecordError, ...]


def collect(runs: Iterable[Path], shipped: Iterable[Path] = (), index: Path | None = None) -> Collected:
    """Return the records in folders, each file once, ordered by path.

    Files that have not changed since the last time come from the index; only the others are parsed and validated.

    Args:
        runs: folders to search for files named ``record.json``, at any depth, or paths of such files.
        shipped: folders in which every ``.json`` file is a record, except tombstones, attestations and their folder ``published``.
        index: the index file; the one in the cache folder unless given.
    """
    runs, shipped = tuple(runs), tuple(shipped)
    faults: list[RecordError] = []
    files = {f.target: f for f in _found(runs, shipped, faults)}
    entries: list[Entry] = []
    with RecordIndex(index or cache_folder() / INDEX_FILE, map(os.path.realpath, (*runs, *shipped))) as known:
        for file in sorted(files.values(), key=lambda f: f.path.parts):
            try:
                entries.append(_entry(file, known))
            except RecordError as error:
                faults.append(error)
    return Collected(tuple(entries), tuple(faults))


def _found(runs: Iterable[Path], shipped: Iterable[Path], faults: list[RecordError]) -> Iterator[FoundFile]:
    """Yield the record files; unreadable folders are added to ``faults``."""

    def unreadable(error: OSError) -> None:
        faults.append(RecordError(f"The folder {error.filename} cannot be searched: {error.strerror}."))

    for root in shipped:
        yield from files_below(root, _is_shipped, unreadable, skipped=("published",))
    for root in runs:
        yield from files_below(root, lambda name: name == RECORD_FILE, unreadable)


def _is_shipped(name: str) -> bool:
    notes = (".withdrawn.json", ".attested.json")  # of a record that is gone, and of one that was repeated
    return name.endswith(".json") and not name.endswith(notes)


def _entry(file: FoundFile, known: RecordIndex) -> Entry:
    if (kept := known.get(file)) is None:
        kept = keep(_rankable(file.path))
        known.add(file, kept)
    return Entry(file.path, *kept)


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
