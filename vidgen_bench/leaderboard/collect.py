"""Find records in folders; an invalid one is reported and does not hide the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from vidgen_bench.errors import RecordError, RequestError, UnreadableError
from vidgen_bench.escaping import one_line, printable
from vidgen_bench.leaderboard.errata import Erratum, errata_in, known_errata
from vidgen_bench.leaderboard.files import FoundFile, files_below
from vidgen_bench.leaderboard.index.record_index import RecordIndex
from vidgen_bench.leaderboard.kept import During, Kept, digest_of, during_of, keep
from vidgen_bench.leaderboard.ranking_metric import selected
from vidgen_bench.leaderboard.submissions import layout
from vidgen_bench.leaderboard.submissions.record_check import Refused, check_record
from vidgen_bench.leaderboard.submissions.together import together
from vidgen_bench.leaderboard.submissions.tombstone import Tombstone
from vidgen_bench.leaderboard.submissions.withdrawn import read_tombstones
from vidgen_bench.records.record import RECORD_FILE, Record, read_record
from vidgen_bench.system.places import cache_folder, or_nowhere
from vidgen_bench.system.regular_files import read_file

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
    shared: object = field(default=None, compare=False, repr=False)
    """The same object only in records that share their track, data, protocols, plugins, model and options; the record itself unless given.

    Its identity finds the table and row of a record without a look at their keys.
    """

    def __post_init__(self) -> None:
        """Compute the digest and the numbers of the trace of an entry that is made from a record alone."""
        if not self.digest:
            object.__setattr__(self, "digest", digest_of(self.record))
            object.__setattr__(self, "during", during_of(self.record))
        if self.shared is None:
            object.__setattr__(self, "shared", self.record)


@dataclass(frozen=True)
class Collected:
    """The valid records, and the faults of the invalid files."""

    entries: tuple[Entry, ...]
    faults: tuple[RecordError, ...]
    withdrawn: Mapping[str, Tombstone] = field(default_factory=dict)
    """The tombstones in the folders of submitted results, by path."""
    errata: tuple[Erratum, ...] = ()
    """The known errors of these folders; without such a folder, those that come with vidgen-bench."""


def collect(runs: Iterable[Path], shipped: Iterable[Path] = (), index: Path | None = None) -> Collected:
    """Return the records in folders, each file once, ordered by path.

    Files that have not changed since the last time come from the index; only the others are parsed and validated.

    Args:
        runs: folders to search for files named ``record.json``, at any depth, or paths of such files.
        shipped: folders of submitted results. Every ``.json`` file in them is a record, except tombstones, attestations and their
            folder ``published``; others sent these files in, so a record that ``vidgen-bench verify`` refuses, by itself or because
            of another one, is a fault here too. A row that lacks seeds is no fault: it has no rank.
        index: the index file; the one in the cache folder unless given.
    """
    runs, shipped = tuple(runs), tuple(shipped)
    faults: list[RecordError] = []
    files: dict[str, tuple[FoundFile, Path | None]] = {f.target: (f, None) for f in _run_files(runs, faults)}
    notes: dict[Path, list[Path]] = {}
    files |= {
        f.target: (f, root) for f, root in _shipped_files(shipped, faults, notes)
    }  # found in both ways: the stricter check
    withdrawn = {root: read_tombstones(root, found) for root, found in notes.items()}
    entries: list[Entry] = []
    inside: dict[Path, list[Entry]] = {}
    with RecordIndex(index or or_nowhere(cache_folder) / INDEX_FILE, map(os.path.realpath, (*runs, *shipped))) as known:
        for file, root in sorted(files.values(), key=lambda found: os.fspath(found[0].path).split(os.sep)):
            try:
                entries.append(entry := _entry(file, root, known))
                if root is not None:
                    inside.setdefault(root, []).append(entry)
            except RecordError as error:
                faults.append(error)
    errata = _errata(shipped, faults)
    refused = {p: e for root, of in inside.items() for p, e in _refused(of, root, withdrawn.get(root, {})).items()}
    return Collected(
        tuple(entry for entry in entries if entry.path not in refused),
        (*faults, *refused.values()),
        {(root / path).as_posix(): stone for root, found in withdrawn.items() for path, stone in found.items()},
        errata,
    )


def _errata(shipped: Sequence[Path], faults: list[RecordError]) -> tuple[Erratum, ...]:
    """Return the known errors of folders of submitted results; a file that is not valid is added to ``faults``."""
    found: dict[Erratum, None] = {}
    for root in shipped:
        try:
            found |= dict.fromkeys(errata_in(root))
        except RequestError as error:
            faults.append(RecordError("\n".join(map(one_line, str(error).split("\n")))))
    return tuple(found) if shipped else known_errata()


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
    # the index does not say how a file was checked: the names tell. A file with another name is only read for --runs FILE, and
    # a submitted record is checked against its last two folders, which must be inside the folder of submitted results
    name = file.path.name
    if root is None:
        indexed = name == RECORD_FILE
    else:
        deep = len(file.path.parts) == len(root.parts) + 3
        indexed = deep and layout.RECORD.fullmatch(name) is not None
    if (kept := known.get(file) if indexed else None) is None:
        kept = _kept(file.path, root)
        if indexed:
            known.add(file, kept)
    return Entry(file.path, *kept)


def _kept(path: Path, root: Path | None) -> Kept:
    try:
        return keep(_rankable(path) if root is None else _submitted(path, root))
    except (RecordError, UnreadableError) as error:
        raise RecordError("\n".join(map(one_line, str(error).split("\n")))) from None


def _submitted(path: Path, root: Path) -> Record:
    """Read a record that somebody sent in, as ``vidgen-bench verify`` reads it.

    Raises:
        RecordError: the record is not accepted.
    """
    place = PurePosixPath(path.relative_to(root))
    try:
        return check_record(read_file(path, most=layout.RECORD_BYTES), str(place))
    except FileNotFoundError as error:
        raise RecordError(f"The record {path} cannot be read: {error.strerror}.") from None
    except Refused as error:
        reason = printable(str(error))
    raise RecordError(_not_accepted(path, reason, root))


def _not_accepted(path: Path, reason: str, root: Path) -> str:
    return f"The record {path} is not accepted: {reason.rstrip('.')}. For all faults, run: vidgen-bench verify {root}"


def _refused(entries: Iterable[Entry], root: Path, withdrawn: Mapping[str, Tombstone]) -> dict[Path, RecordError]:
    """Return the faults that accepted records of one folder of submitted results have because of others, by path."""
    places = {os.fspath(e.path)[len(os.fspath(root)) :].lstrip(os.sep).replace(os.sep, "/"): e for e in entries}
    found: dict[Path, RecordError] = {}
    for finding in together({place: e.record for place, e in places.items()}, withdrawn):
        if finding.kind == "fault" and (entry := places.get(finding.path)) is not None:
            found.setdefault(entry.path, RecordError(one_line(_not_accepted(entry.path, finding.reason, root))))
    return found


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
