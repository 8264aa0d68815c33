"""A family of tests: which ones Holm's correction rejects, with exact p-values only where they decide or are shown."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property

from vidgen_bench.leaderboard.statistics import holm, student
from vidgen_bench.leaderboard.statistics.welch import Welch

_SURELY = 1e-6
"""Relative distance from a critical value beyond which rounding cannot matter."""

_SMALL = 0.05
"""The largest level from which Holm's correction is known to be 1 without computing p-values."""

_STEPS = 8
"""Levels per factor of e at which critical values are computed."""

_PER_DEGREE = 2
"""Groups of tests per degree of freedom, each with critical values of its own."""

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
        it also rejects p <= level / (m - r), and no p > level / (m - r - s). Critical values of abs(t) at the half degrees
        of freedom below and above tell that of most tests. The p-values of the others are computed, and rejected in ascending order.
        """
        count = len(self._tests)
        first, sure = dict.fromkeys(self._groups, 0), {group: len(ts) for group, (ts, _) in self._groups.items()}
        rejected, left = 0, count
        for _ in range(_PASSES):
            largest = level / max(count - rejected - left, 1)
            found = self._from(level / max(count - rejected, 1), certain=True)
            sure = {group: min(sure[group], found[group]) for group in sure}
            found = self._from(largest, certain=False)
            first = {group: min(max(first[group], found[group]), sure[group]) for group in sure}
            rejected = sum(len(ts) - sure[group] for group, (ts, _) in self._groups.items())
            before, left = left, sum(sure[group] - first[group] for group in sure)
            if left > 0.7 * before:
                break
        surely = {k for group, (_, places) in self._groups.items() for k in places[sure[group] :]}
        between = [k for group, (_, places) in self._groups.items() for k in places[first[group] : sure[group]]]
        for p, k in sorted((self._tests[k].p, k) for k in between):
            if (count - len(surely)) * p > level:
                break
            surely.add(k)
        return surely

    @cached_property
    def _groups(self) -> dict[int, tuple[list[float], list[int]]]:
        """The values of abs(t) in ascending order, and the positions of their tests, by the halves in the degrees of freedom."""
        found: dict[int, list[int]] = {}
        ts = [abs(difference) / error for difference, error, _ in self._tests]
        for k, (_, _, df) in enumerate(self._tests):
            found.setdefault(int(_PER_DEGREE * df), []).append(k)
        ordered = {group: sorted(places, key=ts.__getitem__) for group, places in found.items()}
        return {group: ([ts[k] for k in places], places) for group, places in ordered.items()}

    def _from(self, level: float, *, certain: bool) -> dict[int, int]:
        """Return from where on the tests of each group have p <= ``level``: where this is certain, or where it is possible."""
        # whole steps of the logarithm, on the safe side, so that tables share the critical values
        steps = math.log(level) * _STEPS
        level = math.exp((math.floor(steps) if certain else min(math.ceil(steps), -1)) / _STEPS)
        slack = 1.0 + (_SURELY if certain else -_SURELY)
        return {
            group: bisect_left(
                ts, slack * student.quantile(1.0 - 0.5 * level, (group if certain else group + 1) / _PER_DEGREE)
            )
            for group, (ts, _) in self._groups.items()
        }

    def corrected(self, p: float) -> float:
        """Return Holm's corrected p of a test of the family, from its own p; equal p have equal corrected p."""
        return 1.0 if p > self._limit else self._corrected[p]

    @cached_property
    def _limit(self) -> float:
        """A level above which every corrected p is 1, at most 0.05; or 1 if there is none, as in a small family.

        If N of m tests have p <= x, the corrected p of all others is at least (m - N) x.
        """
        level, limit = _SMALL, 1.0
        while sum(self._from(level, certain=False).values()) * level >= 1.0:
            limit, level = level, 0.5 * level
        return limit

    @cached_property
    def _corrected(self) -> dict[float, float]:
        """The corrected p by p, of the tests up to the limit."""
        count, first = len(self._tests), self._from(self._limit, certain=False)
        few = (
            k for group, (_, places) in self._groups.items() for k in places[first[group] if self._limit < 1.0 else 0 :]
        )
        # of those that may be up to the limit, the ones that are: every smaller p must be among them, for their ranks
        small = sorted(p for k in few if (p := self._tests[k].p) <= self._limit)
        # p-values of 1 stand for those that are not computed
        adjusted = holm.adjust([*small, *[1.0] * (count - len(small))])
        return dict(zip(small, adjusted, strict=False))
