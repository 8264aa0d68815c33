"""Estimates: one metric of one row, from the mean score of each seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from vidgen_bench.leaderboard.anchors import Anchors
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.comparable import unlisted
from vidgen_bench.leaderboard.rows import Row
from vidgen_bench.leaderboard.statistics import selection, spread
from vidgen_bench.leaderboard.statistics.interval import Interval, borrowed_interval, own_interval
from vidgen_bench.records.anchors import GREY, NOISE

FLOORS = (GREY, NOISE)
"""The anchors whose worse score a diverged seed takes; anchors with other names only appear in the table."""


@dataclass(frozen=True)
class Estimate:
    """The mean of a row's seeds in one metric, with what is known about its spread."""

    seeds: dict[int, float]
    """The score of each seed: the mean over its final batches, or the floor for a seed whose run diverged."""
    mean: float
    interval: Interval | None
    """95 % confidence interval of the mean; for one seed, an interval borrowed from the other rows."""
    floored: frozenset[int]
    """The seeds that took the floor."""
    batches: Sequence[Sequence[float]] = ()
    """The scores of the final batches of each finished seed."""
    optimism: float | None = None
    """How much better the checkpoint looked when it was chosen; None if it was not chosen by the same measurement."""
    gain: float | None = None
    """How much better the final score is than the last fifth of the evaluations during training."""

    @cached_property
    def between_seeds(self) -> float | None:
        """The standard deviation between finished seeds, without the noise of their batches."""
        return spread.between_seeds(self.batches)

    @cached_property
    def between_batches(self) -> float | None:
        """The standard deviation between the final batches of one seed."""
        return spread.between_batches(self.batches)

    @property
    def scores(self) -> list[float]:
        """The scores in the order of the seeds."""
        return [self.seeds[seed] for seed in sorted(self.seeds)]

    @property
    def sd(self) -> float | None:
        """The standard deviation between the scores of the seeds, batch noise included: what the tests use."""
        return spread.sd(self.scores) if len(self.seeds) > 1 else None


def floor_of(anchors: Anchors, metric: str, sign: int) -> float | None:
    """Return the worse of the grey and noise anchors, which a diverged seed takes; None without one on which the records agree."""
    if any(f"{name} {metric}" in anchors.unsettled for name in FLOORS):
        return None
    found = [anchors.scores[name] for name in FLOORS if name in anchors.scores]
    floors = [scores[metric].mean for scores in found if metric in scores]
    return (min(floors) if sign > 0 else max(floors)) if floors else None


def estimate(row: Row, metric: str, sign: int, floor: float | None, declared: Sequence[int]) -> Estimate | None:
    """Return the estimate of a row over the declared seeds if it has all of them, else over the seeds that it has.

    None if no seed has a score. A seed counts as diverged if any of its runs diverged; without a floor it is left out.

    Args:
        sign: 1 if higher is better, -1 if lower is better.
    """
    complete = set(declared) <= set(row.seeds)
    entries = [e for e in row.entries if e.record.seed in declared or not complete or row.external]
    runs = [e.record for e in entries]
    diverged = {r.seed for r in runs if r.status == "diverged"}
    batches: dict[int, list[float]] = {}
    for run in runs:
        if metric in run.scores and run.seed not in diverged:
            batches.setdefault(run.seed, []).extend(run.scores[metric].values)
    seeds = {seed: spread.mean(values) for seed, values in batches.items()}
    seeds |= dict.fromkeys(diverged, floor) if floor is not None else {}
    if not seeds:
        return None
    finished = [batches[seed] for seed in sorted(batches)]
    choices = [c for e in entries if e.record.seed in batches and (c := _choice(e, metric, seeds[e.record.seed], sign))]
    return Estimate(
        seeds,
        spread.mean(list(seeds.values())),
        own_interval([seeds[seed] for seed in sorted(seeds)]) if finished else None,
        frozenset(diverged & seeds.keys()),
        finished,
        optimism=spread.mean([optimism for optimism, _ in choices]) if choices else None,
        gain=spread.mean([gain for _, gain in choices]) if choices else None,
    )


def _choice(entry: Entry, metric: str, final: float, sign: int) -> tuple[float, float] | None:
    """Return optimism and gain of a run, or None if its final scores were not measured like those during training."""
    record, during = entry.record, entry.during.get(metric)
    described, watched = record.metrics.get(metric), record.protocols.get(record.watched or "")
    if during is None or described is None or watched is None or described.protocol not in record.protocols:
        return None
    # a score depends on the whole protocol; FID, for example, also on the number of samples
    if described.protocol != record.watched and unlisted(record.protocols[described.protocol]) != unlisted(watched):
        return None
    return selection.optimism(during.selected, final, sign), selection.gain_over(during.late, final, sign)


def with_borrowed(estimates: Sequence[Estimate | None], seeds: int) -> list[Estimate | None]:
    """Return the estimates; one with a single seed gets the interval that the others lend, if they have enough seeds.

    Rows with a diverged seed lend nothing: the distance to the floor is not a spread between seeds.

    Args:
        estimates: those of all rows of a table in one metric.
        seeds: the number of seeds that the track declares.
    """
    rows = [e.scores for e in estimates if e and not e.floored]
    return [
        replace(e, interval=borrowed_interval(e.mean, rows, seeds)) if e and len(e.seeds) == 1 and not e.floored else e
        for e in estimates
    ]
