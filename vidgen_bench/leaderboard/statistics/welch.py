"""Welch's t-test of the difference between two rows, from the scores of their seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vidgen_bench.leaderboard.statistics import spread, student
from vidgen_bench.leaderboard.statistics.interval import CONFIDENCE


@dataclass(frozen=True)
class Welch:
    """The difference of two means, its interval, and the p-value of the hypothesis that the expectations are equal."""

    difference: float
    """mean(first) - mean(second)."""
    standard_error: float
    """sqrt(s_1^2 / n_1 + s_2^2 / n_2)."""
    df: float
    """Degrees of freedom after Welch and Satterthwaite."""
    p: float
    """Two-sided, not corrected for further comparisons."""

    @property
    def half_width(self) -> float:
        """Half the width of the 95 % interval of the difference."""
        return student.quantile(0.5 + 0.5 * CONFIDENCE, self.df) * self.standard_error


def welch(first: Sequence[float], second: Sequence[float]) -> Welch | None:
    """Return the test, two-sided and unpaired; None if a row has fewer than two seeds or neither row has any spread.

    t = (m_1 - m_2) / sqrt(v_1 + v_2), v_i = s_i^2 / n_i; df = (v_1 + v_2)^2 / (v_1^2 / (n_1 - 1) + v_2^2 / (n_2 - 1)).
    """
    if min(len(first), len(second)) < 2:
        return None
    of_first, of_second = ((spread.mean(scores), spread.variance(scores), len(scores)) for scores in (first, second))
    return welch_from_moments(of_first, of_second, _rounding(first, second))


def welch_from_moments(
    first: tuple[float, float, int], second: tuple[float, float, int], rounding: float = 0.0
) -> Welch | None:
    """Return the test from (mean, sample variance, number of scores) of each row; None if neither row has any spread.

    ``rounding`` is the standard error up to which a spread is rounding.
    """
    (m1, s1, n1), (m2, s2, n2) = first, second
    v1, v2 = s1 / n1, s2 / n2
    total = v1 + v2
    if total <= rounding**2:
        return None
    share = v1 / total
    df = 1.0 / (share**2 / (n1 - 1) + (1.0 - share) ** 2 / (n2 - 1))
    error = math.sqrt(total)
    return Welch(m1 - m2, error, df, student.two_sided_p((m1 - m2) / error, df))


def equal(first: Sequence[float], second: Sequence[float]) -> bool:
    """Return whether two rows have the same mean, but for rounding."""
    return abs(spread.mean(first) - spread.mean(second)) <= _rounding(first, second)


def _rounding(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the size below which a difference of these scores is rounding, not spread."""
    return 1e-12 * max(map(abs, (*first, *second)))
