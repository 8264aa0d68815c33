"""A family of tests: which ones Holm's correction rejects, with exact p-values only where they decide or are shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cached_property

from vidgen_bench.leaderboard.statistics import holm, student
from vidgen_bench.leaderboard.statistics.welch import Welch

_SURELY = 1e-6
"""Relative distance from a critical value beyond which rounding cannot matter."""

_SMALL = 0.05
"""The largest level from which Holm's correction is known to be 1 without computing p-values."""

_STEPS = 8
"""Levels per factor of e at which critical values are computed."""

_PASSES = 4
"""How often the limits are drawn closer together."""


class Family:
    """The tests of all pairs of a table in one metric."""

    def __init__(self, tests: Sequence[Welch]) -> None:
        """Keep the tests; nothing is computed yet."""
        self._tests = tests

    def __len__(self) -> int:
        """Return the number of tests."""
        return len(self._tests)

    def separated(self, level: float) -> set[int]:
        """Return the positions of the tests whose corrected p is at most ``level``.

        Of m tests, Holm's method rejects p <= level / m whatever the others are. If r are rejected in this way and s more may be,
        it also rejects p <= level / (m - r), and no p > level / (m - r - s). Critical values of abs(t) at the whole degrees of
        freedom below and above tell that of most tests. The p-values of the others are computed, and rejected in ascending order.
        """
        count, rejected = len(self._tests), set[int]()
        between: Sequence[int] = range(count)
        for _ in range(_PASSES):
            left = len(between)
            surely = self._beyond(between, level / max(count - len(rejected), 1), certain=True)
            rejected |= surely
            largest = level / max(count - len(rejected) - left + len(surely), 1)
            between = sorted(self._beyond([k for k in between if k not in surely], largest, certain=False))
            if len(between) > 0.7 * left:
                break
        for p, k in sorted((self._tests[k].p, k) for k in between):
            if (count - len(rejected)) * p > level:
                break
            rejected.add(k)
        return rejected

    def _beyond(self, positions: Iterable[int], level: float, *, certain: bool) -> set[int]:
        """Return the tests whose p is at most ``level``: those where this is certain, or those where it is possible."""
        # whole steps of the logarithm, on the safe side, so that tables share the critical values
        steps = math.log(level) * _STEPS
        level = math.exp((math.floor(steps) if certain else min(math.ceil(steps), -1)) / _STEPS)
        critical: dict[int, float] = {}
        found = set()
        for k in positions:
            difference, error, df = self._tests[k]
            whole = int(df)
            if whole not in critical:
                nearest = max(whole, 1) if certain else whole + 1
                critical[whole] = student.quantile(1.0 - 0.5 * level, nearest) * (
                    1.0 + (_SURELY if certain else -_SURELY)
                )
            if abs(difference) >= critical[whole] * error:
                found.add(k)
        return found

    def corrected(self, p: float) -> float:
        """Return Holm's corrected p of a test of the family, from its own p; equal p have equal corrected p."""
        return 1.0 if p > self._limit else self._corrected[p]

    @cached_property
    def _limit(self) -> float:
        """A level above which every corrected p is 1, at most 0.05; or 1 if there is none, as in a small family.

        If N of m tests have p <= x, the corrected p of all others is at least (m - N) x.
        """
        count, level, limit = len(self._tests), _SMALL, 1.0
        below: Iterable[int] = range(count)
        while (count - len(below := self._beyond(below, level, certain=False))) * level >= 1.0:
            limit, level = level, 0.5 * level
        return limit

    @cached_property
    def _corrected(self) -> dict[float, float]:
        """The corrected p by p, of the tests up to the limit."""
        count = len(self._tests)
        few = self._beyond(range(count), self._limit, certain=False) if self._limit < 1.0 else range(count)
        # of those that may be up to the limit, the ones that are: every smaller p must be among them, for their ranks
        small = sorted(p for k in few if (p := self._tests[k].p) <= self._limit)
        # p-values of 1 stand for those that are not computed
        adjusted = holm.adjust([*small, *[1.0] * (count - len(small))])
        return dict(zip(small, adjusted, strict=False))
