"""Welch's t-test of the difference between two rows, from the scores of their seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from vidgen_bench.leaderboard.statistics import spread, student
from vidgen_bench.leaderboard.statistics.interval import CONFIDENCE


class Welch(NamedTuple):
    """The difference of two means, with what its interval and p-value follow from: a table has thousands of tests and shows few."""

    difference: float
    """mean(first) - mean(second)."""
    standard_error: float
    """sqrt(s_1^2 / n_1 + s_2^2 / n_2)."""
    df: float
    """Degrees of freedom after Welch and Satterthwaite."""

    @property
    def t(self) -> float:
        """The difference in standard errors."""
        return self.difference / self.standard_error

    @property
    def p(self) -> float:
        """The p-value of the hypothesis that the expectations are equal: two-sided, not corrected for further comparisons."""
        return student.two_sided_p(self.t, self.df)

    def values(self) -> dict[str, float]:
        """Return the fields and p, for JSON."""
        return self._asdict() | {"p": self.p}

    @property
    def half_width(self) -> float:
        """Half the width of the 95 % interval of the difference."""
        return student.quantile(0.5 + 0.5 * CONFIDENCE, self.df) * self.standard_error


class Sample(NamedTuple):
    """What the test reads of a row's scores."""

    mean: float
    variance: float
    """The sample variance; 0 for one score."""
    size: int
    """The number of scores."""
    largest: float = 0.0
    """The largest absolute score, which rounding is proportional to."""

    def same_mean(self, other: Sample) -> bool:
        """Return whether two rows have the same mean, but for rounding."""
        return abs(self.mean - other.mean) <= _ROUNDING * max(self.largest, other.largest)


_ROUNDING = 1e-12
"""Relative size up to which a difference of scores is rounding, not spread."""

_new: Callable[[type[Welch], tuple[float, float, float]], Welch] = tuple.__new__
"""Makes a test in half the time that its class takes: a table has thousands."""


def sample_of(scores: Sequence[float]) -> Sample:
    """Return the moments of the scores of a row's seeds."""
    variance = spread.variance(scores) if len(scores) > 1 else 0.0
    return Sample(spread.mean(scores), variance, len(scores), max(map(abs, scores)))


def welch_of_pairs(samples: Sequence[Sample]) -> list[Welch | None]:
    """Return the test, two-sided and unpaired, of each pair of rows (0, 1), (0, 2), ..., (1, 2), ... as ``combinations`` has them.

    t = (m_1 - m_2) / sqrt(v_1 + v_2), v_i = s_i^2 / n_i; df = (v_1 + v_2)^2 / (v_1^2 / (n_1 - 1) + v_2^2 / (n_2 - 1)).
    None if a row has fewer than two seeds or neither row has any spread.
    """
    known = [(s.mean, s.variance / s.size, s.size - 1, _ROUNDING * s.largest) for s in samples]
    found: list[Welch | None] = []
    add, root = found.append, math.sqrt
    for i, (m1, v1, d1, r1) in enumerate(known, 1):
        for m2, v2, d2, r2 in known[i:]:
            total = v1 + v2
            least = r1 if r1 > r2 else r2
            if not (d1 and d2) or total <= least * least:
                add(None)
                continue
            share, rest = v1 / total, v2 / total
            add(_new(Welch, (m1 - m2, root(total), 1.0 / (share * share / d1 + rest * rest / d2))))
    return found


def welch(first: Sequence[float], second: Sequence[float]) -> Welch | None:
    """Return the test of two rows from their scores."""
    return welch_of_pairs([sample_of(first), sample_of(second)])[0]


def welch_from_moments(first: tuple[float, float, int], second: tuple[float, float, int]) -> Welch | None:
    """Return the test from (mean, sample variance, number of scores) of each row."""
    return welch_of_pairs([Sample(*first), Sample(*second)])[0]
