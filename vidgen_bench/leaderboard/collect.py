"""Find records in folders; an invalid one is reported and does not hide the others."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from vidgen_bench.errors import RecordError
from vidgen_bench.escaping import one_line, printable
from vidgen_bench.leaderboard.files import FoundFile, files_below
from vidgen_bench.leaderboard.index.record_index import RecordIndex
from vidgen_bench.leaderboard.kept import During, Kept, digest_of, during_of, keep
from vidgen_bench.leaderboard.ranking_metric import selected
from vidgen_bench.leaderboard.submissions import layout
from vidgen_bench.leaderboard.submissions.record_check import Refused, check_record
from vidgen_bench.leaderboard.submissions.withdrawn import Withdrawn, read_withdrawn
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
        shipped: folders of submitted results. Every ``.json`` file in them is a record, except tombstones, attestations and their
            folder ``published``; others sent these files in, so a record that ``vidgen-bench verify`` refuses is a fault here too.
        index: the index file; the one in the cache folder unless given.
    """
    runs, shipped = tuple(runs), tuple(shipped)
    faults: list[RecordError] = []
    files: dict[str, tuple[FoundFile, Path | None]] = {f.target: (f, None) for f in _run_files(runs, faults)}
    notes: dict[Path, list[Path]] = {}
    files |= {
        f.target: (f, root) for f, root in _shipped_files(shipped, faults, notes)
    }  # found in both ways: the stricter check
    withdrawn = {root: read_withdrawn(root, found) for root, found in notes.items()}
    entries: list[Entry] = []
    with RecordIndex(index or cache_folder() / INDEX_FILE, map(os.path.realpath, (*runs, *shipped))) as known:
        for file, root in sorted(files.values(), key=lambda found: found[0].path.parts):
            try:
                entry = _entry(file, root, known)
                if root in withdrawn:
                    _refuse_withdrawn(entry, root, withdrawn[root])
                entries.append(entry)
            except RecordError as error:
                faults.append(error)
    return Collected(tuple(entries), tuple(faults))


def _run_files(runs: Iterable[Path], faults: list[RecordError]) -> Iterator[FoundFile]:
    """Yield the record files of run folders; unreadable folders are added to ``faults``."""
    for root in runs:
        yield from files_below(root, lambda name: name == RECORD_FILE, _unreadable(faults))


def _shipped_files(
    shipped: Iterable[Path], faults: list[RecordError], notes: dict[Path, list[Path]]
) -> Iterator[tuple[FoundFile, Path]]:
    """Yield the record files of folders of submitted results, each with its folder; tombstones are added to ``notes``."""
    for root in shipped:
        for file in files_below(root, _is_shipped, _unreadable(faults), skipped=(layout.PUBLISHED,)):
            if layout.TOMBSTONE.fullmatch(file.path.name):
                notes.setdefault(root, []).append(file.path)
            else:
                yield file, root


def _unreadable(faults: list[RecordError]) -> Callable[[OSError], None]:
    def add(error: OSError) -> None:
        faults.append(RecordError(f"The folder {one_line(str(error.filename))} cannot be searched: {error.strerror}."))

    return add


def _is_shipped(name: str) -> bool:
    if name.endswith((".withdrawn.json", ".attested.json")):  # of a record that is gone, and of one that was repeated
        return layout.TOMBSTONE.fullmatch(name) is not None
    return name.endswith(".json")


def _entry(file: FoundFile, root: Path | None, known: RecordIndex) -> Entry:
    """Return the entry of a file; ``root`` is its folder of submitted results, if it lies in one."""
    # the index does not say how a file was checked: the names tell. A file with another name is only read for --runs FILE
    name = file.path.name
    indexed = name == RECORD_FILE if root is None else layout.RECORD.fullmatch(name) and file.place == file.target
    if (kept := known.get(file) if indexed else None) is None:
        kept = _kept(file.path, root)
        if indexed:
            known.add(file, kept)
    return Entry(file.path, *kept)


def _kept(path: Path, root: Path | None) -> Kept:
    try:
        return keep(_rankable(path) if root is None else _submitted(path, root))
    except RecordError as error:
        raise RecordError("\n".join(map(one_line, str(error).split("\n")))) from None


def _submitted(path: Path, root: Path) -> Record:
    """Read a record that somebody sent in, as ``vidgen-bench verify`` reads it.

    Raises:
        RecordError: the record is not accepted.
    """
    place = PurePosixPath(path.relative_to(root))
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode):
            raise Refused("is not a regular file")
        if about.st_size > layout.RECORD_BYTES:
            raise Refused(f"has {about.st_size:,} bytes; a record has at most {layout.RECORD_BYTES:,}")
        return check_record(path.read_bytes(), str(place))
    except OSError as error:
        raise RecordError(f"The record {path} cannot be read: {error.strerror or error}.") from None
    except Refused as error:
        reason = printable(str(error))
    raise RecordError(f"The record {path} is not accepted: {reason}. For all faults, run: vidgen-bench verify {root}")


def _refuse_withdrawn(entry: Entry, root: Path, withdrawn: Withdrawn) -> None:
    """Refuse a record whose seed was withdrawn.

    Raises:
        RecordError: the seed was withdrawn.
    """
    if reason := withdrawn.reason(entry.record, entry.path.parent.relative_to(root).as_posix()):
        raise RecordError(one_line(f"The record {entry.path} is not accepted: {reason}."))


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
