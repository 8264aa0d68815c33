"""Checks what the records of one table, or of one track, share: the table itself, and the anchors."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from vidgen_bench.leaderboard.anchors import Anchors, agree, anchors_of
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.comparable import comparable, measured_by, protocol_of
from vidgen_bench.leaderboard.rows import over_batches
from vidgen_bench.leaderboard.submissions.findings import Finding, fault, look
from vidgen_bench.records.record import Record


def of_tables(records: Mapping[str, Record], earlier: Collection[str] = ()) -> Iterator[Finding]:
    """Yield the tracks with several tables, and the records with other anchors than those of their table.

    Args:
        records: by path.
        earlier: the paths of records that were there before the change that is checked; their anchors are right.
    """
    yield from _of_tracks(records)
    for table in comparable([Entry(Path(path), record) for path, record in records.items()]):
        yield from _of_anchors({e.path.as_posix(): e.record for e in table}, earlier)


def _of_tracks(records: Mapping[str, Record]) -> Iterator[Finding]:
    """Yield the tracks whose records are in several tables: a row that is alone in a table has rank 1."""
    tracks: dict[str, dict[tuple[object, ...], list[str]]] = {}
    for path, record in records.items():
        tables = tracks.setdefault(record.track.fingerprint, {})
        tables.setdefault((record.data.fingerprint, protocol_of(record), measured_by(record)), []).append(path)
    for tables in tracks.values():
        (usual, paths), *others = sorted(tables.items(), key=lambda item: (-len(item[1]), item[1]))
        for key, apart in others:
            words = ("data", "protocol", "packages of metrics or instrument")
            differing = ", ".join(w for w, mine, theirs in zip(words, key, usual, strict=True) if mine != theirs)
            yield look(
                records[apart[0]].track.name,
                f"has a second table, with ranks of its own: {_folders(apart)} differs in {differing} from {_folders(paths)}. "
                "Was a row measured in another way to be alone in a table?",
            )


def _folders(paths: Sequence[str]) -> str:
    """Return the folders of specs that have these records: the first two, and the number of the others."""
    folders = list(dict.fromkeys(PurePosixPath(path).parent.as_posix() for path in paths))
    return ", ".join(folders[:2]) + (f" and {len(folders) - 2} more" if len(folders) > 2 else "")


def _of_anchors(table: Mapping[str, Record], earlier: Collection[str]) -> Iterator[Finding]:
    """Yield the records whose anchors differ from those that were there before, or without any from those of most records."""
    first = [record for path, record in table.items() if path in earlier]
    anchors = anchors_of(first or list(table.values()))
    folders: dict[str, str] = {}
    for path, record in table.items():
        if not (different := list(_different(record, anchors))):
            continue
        if first and path not in earlier and not anchors.unsettled:
            yield fault(
                path,
                f"its anchors differ from those of earlier records in this table: {'; '.join(different)}. Anchors depend on data and "
                "protocol only. Was the record edited by hand?",
            )
        else:
            folders.setdefault(PurePosixPath(path).parent.as_posix(), "; ".join(different))
    for folder, words in folders.items():
        yield look(
            folder,
            f"its anchors differ from the median of its table: {words}. Anchors depend on data and protocol only. Was a record, here "
            "or in another folder of the table, edited by hand?",
        )


def _different(record: Record, anchors: Anchors) -> Iterator[str]:
    for name, metrics in record.anchors.items():
        for metric, score in metrics.items():
            known = anchors.scores.get(name, {}).get(metric)
            if known is not None and not agree(over_batches([score.values]), known):
                yield f"{name} {metric} is {score.mean:.6g}, not {known.mean:.6g}"
