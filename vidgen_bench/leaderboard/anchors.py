"""Anchors: scores of held-out real clips (ceiling) and of grey and noise (floor), for comparison with a score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from vidgen_bench.leaderboard.rows import Summary, over_batches
from vidgen_bench.records.anchors import REAL
from vidgen_bench.records.record import Record

_RELATIVE = 0.01
"""Relative difference up to which scores of one anchor agree: processors differ by less than 0.001, different measurements by more."""


@dataclass(frozen=True)
class Anchors:
    """The scores of the anchors, by anchor and metric: the median of the records, whatever the order of their files."""

    scores: dict[str, dict[str, Summary]]
    disagree: tuple[str, ...]
    """The anchors on which the records disagree, such as ``grey fid``."""
    unsettled: tuple[str, ...]
    """Those of them on which no majority of the records agrees; they are the floor of no diverged seed."""

    @property
    def above(self) -> list[str]:
        """The anchors above the rows: the ceiling."""
        return [name for name in self.scores if name == REAL]

    @property
    def below(self) -> list[str]:
        """The anchors below the rows: the floors."""
        return [name for name in self.scores if name != REAL]


def describe(name: str) -> str:
    """Return an anchor's name for a table: ``real (ceiling)``."""
    return f"{name} ({'ceiling' if name == REAL else 'floor'})"


def anchors_of(records: Sequence[Record]) -> Anchors:
    """Return the anchors of records with the same track, data and instrument, whose anchors should therefore agree."""
    found: dict[str, dict[str, Counter[tuple[float, ...]]]] = {}
    times = Counter(id(record.anchors) for record in records)  # records that come from the index share them
    for anchors in {id(record.anchors): record.anchors for record in records}.values():
        for name, metrics in anchors.items():
            for metric, score in metrics.items():
                found.setdefault(name, {}).setdefault(metric, Counter())[score.values] += times[id(anchors)]
    scores: dict[str, dict[str, Summary]] = {}
    disagree, unsettled = [], []
    for name, of in found.items():
        for metric, counts in of.items():
            scores.setdefault(name, {})[metric] = median = _median(counts)
            agreeing = sum(n for values, n in counts.items() if agree(over_batches([values]), median))
            if agreeing < counts.total():
                disagree.append(f"{name} {metric}")
            if 2 * agreeing <= counts.total():
                unsettled.append(f"{name} {metric}")
    return Anchors(scores, tuple(disagree), tuple(unsettled))


def agree(one: Summary, other: Summary) -> bool:
    """Return whether two scores of one anchor may be of the same measurement; a spread that only one of them has excuses nothing."""
    batches = 3 * min(one.std or 0.0, other.std or 0.0)
    return abs(one.mean - other.mean) <= batches + _RELATIVE * max(abs(one.mean), abs(other.mean))


def _median(counts: Counter[tuple[float, ...]]) -> Summary:
    """Return the lower median of scores by their means, each as often as it was counted."""
    middle, seen = next(iter(counts)), 0
    for values in sorted(counts, key=lambda v: (over_batches([v]).mean, v)) if len(counts) > 1 else ():
        middle, seen = values, seen + counts[values]
        if 2 * seen >= counts.total():
            break
    return over_batches([middle])
