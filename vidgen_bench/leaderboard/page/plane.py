"""The plane of a chart: costs to the right, better scores up, with round numbers along both sides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vidgen_bench.leaderboard.render import numbers

WIDTH, HEIGHT = 560.0, 260.0
LEFT, BOTTOM, TOP = 64.0, 34.0, 10.0
"""Space for the numbers, and above the highest point."""

_ROOM = 1.32
"""Width of the plane relative to the range of costs: labels are to the right of their points."""


@dataclass(frozen=True)
class Plane:
    """Places of values in a view of ``WIDTH`` x ``HEIGHT``."""

    start: float
    reach: float
    logarithmic: bool
    down: float
    up: float
    """The scores at the lower and the upper end; the upper one is better."""

    def x(self, cost: float) -> float:
        """Return the place of a cost."""
        return LEFT + (WIDTH - LEFT) * (self._scaled(cost) - self.start) / self.reach

    def y(self, score: float) -> float:
        """Return the place of a score; one beyond the plane is at its edge."""
        share = (score - self.down) / (self.up - self.down)
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * min(max(share, 0.0), 1.0)

    def _scaled(self, cost: float) -> float:
        return math.log10(cost) if self.logarithmic else cost


def plane_of(costs: Sequence[float], means: Sequence[float], ends: Sequence[float], sign: int) -> Plane:
    """Return a plane that holds all points; intervals beyond twice the range of the means are cut.

    Args:
        costs: of each point; the axis is logarithmic if they differ by more than a factor of eight.
        means: the score of each point.
        ends: both ends of each point's interval.
        sign: 1 if higher is better, -1 if lower is better.
    """
    low, high = min(means), max(means)
    spread = (high - low) or max(abs(low), 1.0)
    low = max(min([low, *ends]), low - 0.5 * spread)
    high = min(max([high, *ends]), high + 0.5 * spread)
    air = 0.06 * ((high - low) or spread)
    logarithmic = min(costs) > 0 and max(costs) > 8 * min(costs)
    first, last = (math.log10(c) if logarithmic else c for c in (min(costs), max(costs)))
    reach = (last - first) or max(abs(first), 1.0)
    down, up = (low - air, high + air) if sign > 0 else (high + air, low - air)
    return Plane(first - 0.06 * reach, _ROOM * reach, logarithmic, down, up)


def round_numbers(low: float, high: float) -> list[tuple[float, str]]:
    """Return three to eight round numbers between two values, with their texts; the value itself if there is only one."""
    if not high > low:
        return [(low, numbers.amount(low, 3))]
    power = math.floor(math.log10((high - low) / 3))
    size = 10.0**power
    step = next(size * factor for factor in (5.0, 2.0, 1.0) if (high - low) / (size * factor) >= 2.5)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    places = min(max(-power, 0), 9)
    return [(step * i, numbers.amount(step * i, places)) for i in range(first, last + 1)][:12]
