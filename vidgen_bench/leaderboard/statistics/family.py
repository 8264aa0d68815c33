"""A family of tests: which ones Holm's correction rejects, with exact p-values only where they decide or are shown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from vidgen_bench.leaderboard.statistics import holm, student
from vidgen_bench.leaderboard.statistics.welch import Welch

_SURELY = 1e-6
"""Relative distance from a critical value beyond which rounding cannot matter."""


class Family:
    """The tests of all pairs of a table in one metric."""

    def __init__(self, tests: Sequence[Welch]) -> None:
        """Keep the tests; nothing is computed yet."""
        self._tests = tests

    def separated(self, level: float) -> list[bool]:
        """Return for each test whether its corrected p is at most ``level``.

        For most tests abs(t) tells, by critical values at the whole degrees of freedom below and above: p > level is never rejected,
        p <= level / m always. Only the p-values in between are computed, and Holm's method continues with them in ascending order.
        """
        bounds = _Bounds(level, len(self._tests))
        found = [bounds.rejected(test) for test in self._tests]
        between = sorted((test.p, k) for k, test in enumerate(self._tests) if found[k] is None)
        rejected = sum(known is True for known in found)
        for p, k in between:
            if (len(found) - rejected) * p > level:
                break
            found[k] = True
            rejected += 1
        return [known is True for known in found]

    def corrected(self, p: float) -> float:
        """Return Holm's corrected p of a test of the family, from its own p; equal p have equal corrected p."""
        return self._corrected[p]

    @cached_property
    def _corrected(self) -> dict[float, float]:
        p_values = [test.p for test in self._tests]
        return dict(zip(p_values, holm.adjust(p_values), strict=True))


class _Bounds:
    """The abs(t) from which p is at most level / count, and up to which it is above the level, by whole degrees of freedom."""

    def __init__(self, level: float, count: int) -> None:
        self._level, self._count = level, count
        self._of: dict[int, tuple[float, float]] = {}

    def rejected(self, test: Welch) -> bool | None:
        """Return whether every order of the other tests rejects or keeps this one; None if its exact p has to tell."""
        whole = int(test.df)
        if whole not in self._of:
            self._of[whole] = (
                student.quantile(1.0 - 0.5 * self._level / self._count, max(whole, 1)) * (1.0 + _SURELY),
                student.quantile(1.0 - 0.5 * self._level, whole + 1) * (1.0 - _SURELY),
            )
        high, low = self._of[whole]
        t = abs(test.difference) / test.standard_error
        return True if t >= high else False if t < low else None
