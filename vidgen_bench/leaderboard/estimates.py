"""Estimates: one metric of one row, from the mean score of each seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from vidgen_bench.leaderboard.anchors import Anchors
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.comparable import unlisted
from vidgen_bench.leaderboard.rows import Row
from vidgen_bench.leaderboard.statistics import selection, spread
from vidgen_bench.leaderboard.statistics.interval import Interval, borrowed_interval, own_interval
from vidgen_bench.records.anchors import GREY, NOISE
from vidgen_bench.records.record import Record

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
    entries: Sequence[Entry] = row.entries
    if not row.external and set(row.seeds) > (wanted := set(declared)):
        entries = [e for e in entries if e.record.seed in wanted]
    diverged = {e.record.seed for e in entries if e.record.status == "diverged"}
    scored = [e for e in entries if metric in e.record.scores and e.record.seed not in diverged]
    batches: dict[int, list[float]] = {}
    for entry in scored:
        batches.setdefault(entry.record.seed, []).extend(entry.record.scores[metric].values)
    seeds = {seed: spread.mean(values) for seed, values in batches.items()}
    seeds |= dict.fromkeys(diverged, floor) if floor is not None else {}
    if not seeds:
        return None
    ordered = sorted(batches)
    optimism, gain = _choices(scored, metric, seeds, sign)
    return Estimate(
        seeds,
        spread.mean(list(seeds.values())),
        own_interval([seeds[seed] for seed in sorted(seeds)]) if ordered else None,
        frozenset(diverged & seeds.keys()),
        [batches[seed] for seed in ordered],
        optimism=optimism,
        gain=gain,
    )


def _choices(
    entries: Sequence[Entry], metric: str, finals: Mapping[int, float], sign: int
) -> tuple[float | None, float | None]:
    """Return the mean optimism and gain of the runs whose final scores were measured like those during training; None without any."""
    optimisms, gains = list[float](), list[float]()
    alike = dict[tuple[int, int, str | None], bool]()
    for entry in entries:
        record, during = entry.record, entry.during.get(metric)
        if during is None:
            continue
        shared = id(record.metrics), id(record.protocols), record.watched  # runs that differ in the seed share all
        if shared not in alike:
            alike[shared] = _measured_alike(record, metric)
        if alike[shared]:
            optimisms.append(selection.optimism(during.selected, finals[record.seed], sign))
            gains.append(selection.gain_over(during.late, finals[record.seed], sign))
    return (spread.mean(optimisms), spread.mean(gains)) if gains else (None, None)


def _measured_alike(record: Record, metric: str) -> bool:
    """Return whether the final scores of a metric were measured like those during training."""
    described, watched = record.metrics.get(metric), record.protocols.get(record.watched or "")
    if described is None or watched is None or described.protocol not in record.protocols:
        return False
    # a score depends on the whole protocol; FID, for example, also on the number of samples
    return described.protocol == record.watched or unlisted(record.protocols[described.protocol]) == unlisted(watched)


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
