"""Checks that need several records: every declared seed once, one model per folder, and no copies."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from vidgen_bench.config.track import shipped_tracks
from vidgen_bench.leaderboard.ranking_metric import selected
from vidgen_bench.leaderboard.submissions.commands import completing_command
from vidgen_bench.leaderboard.submissions.findings import Finding, fault, look
from vidgen_bench.leaderboard.submissions.row_identity import differences, identity
from vidgen_bench.leaderboard.submissions.tombstone import Tombstone
from vidgen_bench.leaderboard.submissions.withdrawn import Withdrawn
from vidgen_bench.records.record import Record


def together(records: Mapping[str, Record], withdrawn: Mapping[str, Tombstone]) -> Iterator[Finding]:
    """Yield what is wrong between the accepted records, by their paths, and the tombstones, by theirs."""
    folders: dict[str, dict[str, Record]] = {}
    gone = Withdrawn(withdrawn)
    for path, record in records.items():
        folders.setdefault(str(PurePosixPath(path).parent), {})[path] = record
    for folder, inside in folders.items():
        yield from _of_seeds(folder, inside, gone)
        yield from _of_models(inside)
        yield from _questions(folder, inside)
    yield from _of_tracks(records)
    yield from _twice(records)
    yield from _copies(records)


def _of_seeds(folder: str, inside: Mapping[str, Record], gone: Withdrawn) -> Iterator[Finding]:
    first = next(iter(inside.values()))
    declared = range(max(r.track.seeds for r in inside.values()))
    known = {*gone.seeds(first, folder), *(r.seed for r in inside.values())}
    if missing := [s for s in declared if s not in known]:
        yield fault(
            folder,
            f"the seeds {', '.join(map(str, missing))} are missing; a result is sent in with all declared seeds, 0 to "
            f"{declared.stop - 1}. Run: {completing_command(first, missing)}",
        )
    for path, record in inside.items():
        if reason := gone.reason(record, folder):
            yield fault(path, reason)


def _of_models(inside: Mapping[str, Record]) -> Iterator[Finding]:
    """Yield the records of a folder that belong to another model than its first record does."""
    (first, model), *others = inside.items()
    for path, record in others:
        if different := differences([model, record]):
            yield fault(
                path, f"differs from {PurePosixPath(first).name} in {different}: it is not a seed of the same row"
            )


def _questions(folder: str, inside: Mapping[str, Record]) -> Iterator[Finding]:
    """Yield a folder whose track is not known, or whose seeds all have the same score."""
    records = list(inside.values())
    metric = selected(records[0])
    if (track := records[0].track.name).split("~")[0] not in shipped_tracks():
        yield look(folder, f"the track {track} does not come with vidgen-bench; is its TOML file part of the change?")
    means = [r.scores[metric].mean for r in records if metric in r.scores]
    if len(means) > 1 and len(set(means)) == 1:
        yield look(folder, f"all seeds have the same {metric}, {means[0]:.6g}")


def _of_tracks(records: Mapping[str, Record]) -> Iterator[Finding]:
    """Yield the records of a track whose other records have another name, number of seeds or ``ranked``; the commonest is right.

    One table has all records of a fingerprint, so a single record with more seeds would unrank every row.
    """
    tracks: dict[str, dict[str, tuple[str, int, bool]]] = {}
    for path, record in records.items():
        track = record.track
        tracks.setdefault(track.fingerprint, {})[path] = (track.name, track.seeds, track.ranked)
    for fingerprint, inside in tracks.items():
        ((usual, _),) = Counter(inside.values()).most_common(1)
        for path, found in inside.items():
            if found != usual:
                yield fault(
                    path,
                    f"has the track fingerprint {fingerprint} with {_words(found)}; other records have it with {_words(usual)}. "
                    "Use their track file, or change yours so that its fingerprint is its own",
                )


def _words(track: tuple[str, int, bool]) -> str:
    name, seeds, ranked = track
    return f"the name {name}, {seeds} seeds and ranked = {ranked}"


def _twice(records: Mapping[str, Record]) -> Iterator[Finding]:
    """Yield the records of a row and seed that another folder has too, such as an option that was set to its default."""
    seen: dict[str, str] = {}
    for path, record in records.items():
        other = seen.setdefault(json.dumps([identity(record), record.seed], sort_keys=True), path)
        if other != path:
            yield fault(path, f"is seed {record.seed} of the same row as {other}; a row has each seed once")


def _copies(records: Mapping[str, Record]) -> Iterator[Finding]:
    """Yield the records that have the checkpoint of another one, or its samples."""
    seen: dict[tuple[str, str], str] = {}
    for path, record in records.items():
        if record.hashes is None:
            continue
        other = seen.setdefault(("checkpoint", record.hashes.checkpoint), path)
        if other != path:
            yield fault(path, f"has the same checkpoint as {other}: two seeds are never equal, so one is a copy")
        same = seen.setdefault(("samples", record.hashes.samples), path)
        if same not in (path, other):
            yield look(path, f"has the same samples as {same}")
