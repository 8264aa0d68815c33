"""Verdicts: what the scores of seeds say about every pair of rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import combinations
from typing import Any, NamedTuple

from vidgen_bench.leaderboard.statistics.family import Family
from vidgen_bench.leaderboard.statistics.welch import Sample, Welch, sample_of, welch_of_pairs

LEVEL = 0.05
"""The probability of any wrong "better" among the pairs of one table and metric."""


class Verdict(StrEnum):
    """What can be said about the first row of a pair and the second."""

    BETTER = "better"
    WORSE = "worse"
    NOT_SEPARATED = "not separated"
    NOT_TESTABLE = "not testable"


SEPARATED = (Verdict.BETTER, Verdict.WORSE)
"""The verdicts that say which row of a pair is better."""


class Pair(NamedTuple):
    """Two rows, by position, with their test and verdict."""

    first: int
    second: int
    test: Welch | None
    """None if the pair cannot be tested: too few seeds, or no spread."""
    family: Family
    verdict: Verdict

    @property
    def corrected_p(self) -> float | None:
        """Holm's p over all tested pairs of the family; None without a test."""
        return None if self.test is None else self.family.corrected(self.test.p)

    def between(self, first: int, second: int) -> Pair:
        """Return the pair with other positions."""
        return Pair(first, second, self.test, self.family, self.verdict)

    def reversed(self) -> Pair:
        """Return the same comparison, the second row before the first."""
        opposite = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
        test = self.test._replace(difference=-self.test.difference) if self.test else None
        return Pair(self.second, self.first, test, self.family, opposite.get(self.verdict, self.verdict))


_new: Callable[[type[Pair], tuple[Any, ...]], Pair] = tuple.__new__
"""Makes a pair in half the time that its class takes: a table has thousands."""


def compare(rows: Sequence[Sequence[float]], sign: int) -> list[Pair]:
    """Return the verdict on every pair of rows, by Welch's test with Holm's correction at the level 0.05.

    Without spread, rows with equal means are *not separated* and other rows *not testable*.

    Args:
        rows: the scores of each row's seeds; the rows are one family of comparisons.
        sign: 1 if higher is better, -1 if lower is better.
    """
    samples = [sample_of(scores) for scores in rows]
    pairs, tests = combinations(range(len(rows)), 2), welch_of_pairs(samples)
    family = Family([test for test in tests if test is not None])
    separated, position = family.separated(LEVEL), -1
    (better, worse), unclear = SEPARATED, Verdict.NOT_SEPARATED
    found = []
    for (i, j), test in zip(pairs, tests, strict=True):
        if test is None:
            verdict = _untested(samples[i], samples[j])
        else:
            position += 1
            verdict = unclear
            if position in separated:
                verdict = better if sign * test.difference > 0 else worse
        found.append(_new(Pair, (i, j, test, family, verdict)))
    return found


def _untested(first: Sample, second: Sample) -> Verdict:
    testable = min(first.size, second.size) >= 2
    return Verdict.NOT_SEPARATED if testable and first.same_mean(second) else Verdict.NOT_TESTABLE
