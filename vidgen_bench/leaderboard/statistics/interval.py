"""The confidence interval of a row: its own with two or more seeds, else one borrowed from the other rows of the table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vidgen_bench.leaderboard.statistics import spread, student

CONFIDENCE = 0.95

LEAST_DEGREES = 4
"""The fewest degrees of freedom in a table from which a row with one seed may borrow an interval."""


@dataclass(frozen=True)
class Interval:
    """mean ± half_width, at 95 % confidence."""

    mean: float
    half_width: float
    borrowed: bool = False
    """Whether the spread is that of the table's other rows, because this row has one seed."""

    @property
    def low(self) -> float:
        """The lower end."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """The upper end."""
        return self.mean + self.half_width


def own_interval(scores: Sequence[float]) -> Interval | None:
    """Return mean ± t(0.975, n - 1) s / sqrt(n) of the scores of n seeds; None for fewer than two seeds."""
    if len(scores) < 2:
        return None
    t = student.quantile(0.5 + 0.5 * CONFIDENCE, len(scores) - 1)
    return Interval(spread.mean(scores), t * spread.sd(scores) / math.sqrt(len(scores)))


def borrowed_interval(score: float, rows: Sequence[Sequence[float]], seeds: int) -> Interval | None:
    """Return score ± t(0.975, df) s_p sqrt(1 + 1 / n) for a row with one seed, or None if df < 4.

    The mean of a row with ``n = seeds`` seeds that performs equally lies in this interval with probability 0.95. s_p is the
    standard deviation between the seeds of the table's rows, pooled, and df its degrees of freedom.

    Args:
        score: the score of the only seed.
        rows: for each row of the table, the scores of its seeds.
        seeds: the number of seeds that the track declares.
    """
    degrees = sum(len(scores) - 1 for scores in rows if scores)
    if degrees < LEAST_DEGREES:
        return None
    squares = math.fsum((len(scores) - 1) * spread.variance(scores) for scores in rows if len(scores) > 1)
    t = student.quantile(0.5 + 0.5 * CONFIDENCE, degrees)
    half_width = t * math.sqrt(squares / degrees) * math.sqrt(1.0 + 1.0 / seeds)
    return Interval(score, half_width, borrowed=True)
