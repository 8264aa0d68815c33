"""Verdicts: what the scores of seeds say about every pair of rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

from vidgen_bench.leaderboard.statistics import holm
from vidgen_bench.leaderboard.statistics.welch import Welch, equal, welch

LEVEL = 0.05
"""The probability of any wrong "better" among the pairs of one table and metric."""


class Verdict(StrEnum):
    """What can be said about the first row of a pair and the second."""

    BETTER = "better"
    WORSE = "worse"
    NOT_SEPARATED = "not separated"
    NOT_TESTABLE = "not testable"


@dataclass(frozen=True)
class Pair:
    """Two rows, by position, with their test and verdict."""

    first: int
    second: int
    test: Welch | None
    """None if the pair cannot be tested: too few seeds, or no spread."""
    corrected_p: float | None
    """Holm's p over all tested pairs of the family."""
    verdict: Verdict

    def between(self, first: int, second: int) -> Pair:
        """Return the pair with other positions."""
        return replace(self, first=first, second=second)

    def reversed(self) -> Pair:
        """Return the same comparison, the second row before the first."""
        opposite = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
        test = replace(self.test, difference=-self.test.difference) if self.test else None
        return Pair(self.second, self.first, test, self.corrected_p, opposite.get(self.verdict, self.verdict))


def compare(rows: Sequence[Sequence[float]], sign: int) -> list[Pair]:
    """Return the verdict on every pair of rows, by Welch's test with Holm's correction at the level 0.05.

    Without spread, rows with equal means are *not separated* and other rows *not testable*.

    Args:
        rows: the scores of each row's seeds; the rows are one family of comparisons.
        sign: 1 if higher is better, -1 if lower is better.
    """
    tests = {(i, j): welch(rows[i], rows[j]) for i, j in combinations(range(len(rows)), 2)}
    tested = {pair: test.p for pair, test in tests.items() if test is not None}
    corrected = dict(zip(tested, holm.adjust(list(tested.values())), strict=True))
    return [
        Pair(i, j, test, corrected.get((i, j)), _verdict(rows[i], rows[j], test, corrected.get((i, j)), sign))
        for (i, j), test in tests.items()
    ]


def _verdict(
    first: Sequence[float], second: Sequence[float], test: Welch | None, corrected_p: float | None, sign: int
) -> Verdict:
    if test is None or corrected_p is None:
        testable = min(len(first), len(second)) >= 2
        return Verdict.NOT_SEPARATED if testable and equal(first, second) else Verdict.NOT_TESTABLE
    if corrected_p > LEVEL:
        return Verdict.NOT_SEPARATED
    return Verdict.BETTER if sign * test.difference > 0 else Verdict.WORSE
