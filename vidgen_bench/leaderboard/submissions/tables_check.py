"""Checks what the records of one table, or of one track, share: the table itself, the metrics, and the anchors."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from vidgen_bench.leaderboard.anchors import agree, anchors_of
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.columns import Source, source_of
from vidgen_bench.leaderboard.comparable import comparable, measured_by, protocol_of
from vidgen_bench.leaderboard.rows import Summary, over_batches
from vidgen_bench.leaderboard.submissions.conflicts import at_fault
from vidgen_bench.leaderboard.submissions.findings import Finding, fault, look
from vidgen_bench.records.entries import MetricEntry
from vidgen_bench.records.record import Record


def of_tables(records: Mapping[str, Record], earlier: Collection[str] = ()) -> Iterator[Finding]:
    """Yield the tracks with several tables, and the records with other anchors or descriptions of metrics than those of their table.

    Args:
        records: by path.
        earlier: the paths of records that were there before the change that is checked; their anchors are right.
    """
    yield from _of_tracks(records)
    for table in comparable([Entry(Path(path), record) for path, record in records.items()]):
        inside = {e.path.as_posix(): e.record for e in table}
        yield from _of_columns(inside, earlier)
        yield from _of_anchors(inside, earlier)


def _of_tracks(records: Mapping[str, Record]) -> Iterator[Finding]:
    """Yield the tracks whose records are in several tables: a row that is alone in a table has rank 1.

    A track may have one table of class-conditional models beside its own.
    """
    tracks: dict[tuple[str, bool], dict[tuple[object, ...], list[str]]] = {}
    for path, record in records.items():
        tables = tracks.setdefault((record.track.fingerprint, record.model.conditional), {})
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


def _of_columns(table: Mapping[str, Record], earlier: Collection[str]) -> Iterator[Finding]:
    """Yield the records that describe a metric in another way: a column is shown and ranked as most of its records describe it."""
    columns: dict[tuple[str, Source], dict[str, MetricEntry]] = {}
    for path, record in table.items():
        for metric, entry in record.metrics.items():
            columns.setdefault((metric, source_of(record, metric)), {})[path] = entry
    for (metric, _), entries in columns.items():
        for path, other in at_fault(_parties({p: e.better for p, e in entries.items()}), earlier):
            better = f"better is {entries[path].better}; {other} has {entries[other].better}"
            yield fault(path, f"metrics.{metric}: {better}. One metric has one better direction")
        folders: dict[str, str] = {}
        for path, other in at_fault(_parties({p: _words(e) for p, e in entries.items()}), earlier):
            words = f"{_words(entries[path])}; {other} has {_words(entries[other])}"
            folders.setdefault(
                PurePosixPath(path).parent.as_posix(), f"metrics.{metric}: {words}. Was it edited by hand?"
            )
        yield from (look(folder, reason) for folder, reason in folders.items())


def _parties(values: Mapping[str, str]) -> list[list[str]]:
    """Return the paths with equal values together."""
    found: dict[str, list[str]] = {}
    for path, value in values.items():
        found.setdefault(value, []).append(path)
    return list(found.values())


def _words(entry: MetricEntry) -> str:
    return f"the title {entry.title} {f'and the caveat {entry.caveat}' if entry.caveat else 'without a caveat'}"


def _of_anchors(table: Mapping[str, Record], earlier: Collection[str]) -> Iterator[Finding]:
    """Yield the records whose anchors differ from those that were there before, or without any from those of most records."""
    first = anchors_of([record for path, record in table.items() if path in earlier])
    every = anchors_of(list(table.values()))
    known = {name: scores | first.scores.get(name, {}) for name, scores in every.scores.items()}
    settled = {f"{name} {metric}" for name, scores in first.scores.items() for metric in scores} - set(first.unsettled)
    folders: dict[str, str] = {}
    for path, record in table.items():
        different = _different(record, known)
        if wrong := [words for anchor, words in different.items() if anchor in settled and path not in earlier]:
            yield fault(
                path,
                f"its anchors differ from those of earlier records in this table: {'; '.join(wrong)}. Anchors depend on data and "
                "protocol only. Was the record edited by hand?",
            )
        elif different:
            folders.setdefault(PurePosixPath(path).parent.as_posix(), "; ".join(different.values()))
    for folder, words in folders.items():
        yield look(
            folder,
            f"its anchors differ from the median of its table: {words}. Anchors depend on data and protocol only. Was a record, here "
            "or in another folder of the table, edited by hand?",
        )


def _different(record: Record, known: Mapping[str, Mapping[str, Summary]]) -> dict[str, str]:
    """Return how the anchors of a record differ from the known ones, by anchor and metric: ``grey fid``."""
    found = {}
    for name, metrics in record.anchors.items():
        for metric, score in metrics.items():
            other = known.get(name, {}).get(metric)
            if other is not None and not agree(over_batches([score.values]), other):
                found[f"{name} {metric}"] = f"{name} {metric} is {score.mean:.6g}, not {other.mean:.6g}"
    return found
