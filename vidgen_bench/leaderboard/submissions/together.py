"""Checks that need several records: every declared seed once, one model per folder, and no copies."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence

from vidgen_bench.config.track import shipped_tracks
from vidgen_bench.leaderboard.different_code import different_code
from vidgen_bench.leaderboard.ranking_metric import selected
from vidgen_bench.leaderboard.statistics.spread import between_batches, sd
from vidgen_bench.leaderboard.submissions.commands import completing_command
from vidgen_bench.leaderboard.submissions.conflicts import conflicts
from vidgen_bench.leaderboard.submissions.findings import Finding, fault, look
from vidgen_bench.leaderboard.submissions.row_identity import identity
from vidgen_bench.leaderboard.submissions.tombstone import Tombstone
from vidgen_bench.leaderboard.submissions.withdrawn import Withdrawn
from vidgen_bench.records.record import Record

_CLOSE = 0.1
"""The part of their batch noise that means of seeds differ by at least: of five honest seeds, one row in 5,000 differs by less."""


def together(
    records: Mapping[str, Record], withdrawn: Mapping[str, Tombstone], earlier: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield what is wrong between the accepted records, by their paths, and the tombstones, by theirs.

    Of records that contradict each other, those in ``earlier`` are right: the paths that were there before a change.
    """
    folders: dict[str, dict[str, Record]] = {}
    gone = Withdrawn(withdrawn)
    known, tracks = {path: identity(record) for path, record in records.items()}, frozenset(shipped_tracks())
    for path, record in records.items():
        folders.setdefault(path.rpartition("/")[0], {})[path] = record
    for folder, inside in folders.items():
        yield from _of_seeds(folder, inside, gone)
        yield from _questions(folder, inside, tracks)
    yield from conflicts(records, known, earlier)


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


def _questions(folder: str, inside: Mapping[str, Record], tracks: Collection[str]) -> Iterator[Finding]:
    """Yield a folder whose track is not known, or whose seeds differ in their parameters, or too little in their scores."""
    records = list(inside.values())
    metric = selected(records[0])
    if any(r.parameters != records[0].parameters for r in records):
        yield look(folder, "its seeds have different numbers of parameters; a table shows those of the first seed")
    if any(r.model.reconstruction != records[0].model.reconstruction for r in records):
        yield look(folder, "some of its seeds say that their model is a reconstruction, and others do not")
    if any(r.model.null != records[0].model.null for r in records):
        yield look(folder, "some of its seeds say that their model is a null model, and others do not")
    if several := different_code(records):
        yield look(folder, f"its seeds were made by several versions of the sources of {', '.join(several)}")
    if (track := records[0].track.name).split("~")[0] not in tracks:
        yield look(folder, f"the track {track} does not come with vidgen-bench; is its TOML file part of the change?")
    means = [r.scores[metric].mean for r in records if metric in r.scores]
    if len(means) > 1 and len(set(means)) == 1:
        yield look(folder, f"all seeds have the same {metric}, {means[0]:.6g}")
    elif metric and (noise := _noise([r.scores[metric].values for r in records if metric in r.scores])):
        if len(means) > 3 and sd(means) < _CLOSE * noise:
            yield look(
                folder,
                f"the seeds differ in {metric} by a standard deviation of {sd(means):.2g}; the noise of their batches alone makes it about "
                f"{noise:.2g}",
            )


def _noise(seeds: Sequence[Sequence[float]]) -> float:
    """Return the standard deviation that the means of seeds have by the spread between their batches; 0 if none is known."""
    return (between_batches(seeds) or 0.0) / math.sqrt(max(map(len, seeds), default=1))
