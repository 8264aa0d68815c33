"""Power of Welch's test: which differences a number of seeds finds, and how many seeds a difference needs."""

from __future__ import annotations

import math
from functools import lru_cache

from vidgen_bench.leaderboard.statistics import student
from vidgen_bench.leaderboard.statistics.verdicts import LEVEL

POWER = 0.8

MOST_SEEDS = 100_000

_STEPS = 60
_CLOSE = 1e-9


def power(effect: float, seeds: int, level: float = LEVEL) -> float:
    """Return the probability of separating two rows.

    P(abs(T) > t(1 - level / 2, df)) for the noncentral t with df = 2 (n - 1) and noncentrality effect sqrt(n / 2): both rows have
    n seeds and the same spread.

    Args:
        effect: the true difference in standard deviations between seeds, not negative.
        seeds: the number of seeds per row, at least 2.
        level: the two-sided level; divide it by the number of pairs for a table.
    """
    df = 2.0 * (seeds - 1)
    t, shift = student.quantile(1.0 - 0.5 * level, df), effect * math.sqrt(0.5 * seeds)
    return 1.0 - student.noncentral_cdf(t, df, shift) + student.noncentral_cdf(-t, df, shift)


def seeds_needed(effect: float, level: float = LEVEL) -> int | None:
    """Return the fewest seeds per row that separate an effect with probability 0.8, or None beyond 100,000 seeds."""
    if effect <= 0.0:
        return None
    low, high = 1, 2
    while power(effect, high, level) < POWER:
        if high == MOST_SEEDS:
            return None
        low, high = high, min(2 * high, MOST_SEEDS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(effect, middle, level) >= POWER else (middle, high)
    return high


@lru_cache(maxsize=256)  # most tables of a leaderboard have the same numbers of seeds and pairs
def detectable(seeds: int, level: float = LEVEL) -> float:
    """Return the effect, in standard deviations between seeds, that ``seeds`` seeds per row separate with probability 0.8."""
    low, high = 0.0, 1.0
    below, above = level - POWER, power(1.0, seeds, level) - POWER
    while above < 0.0:
        low, below, high = high, above, 2.0 * high
        above = power(high, seeds, level) - POWER
    # the secant between the ends, with the Illinois rule: an end that stays twice counts half
    moved = 0
    for _ in range(_STEPS):
        middle = high - above * (high - low) / (above - below)
        missed = power(middle, seeds, level) - POWER
        if abs(missed) < _CLOSE:
            return middle
        if missed < 0.0:
            low, below = middle, missed
            above *= 0.5 if moved < 0 else 1.0
            moved = -1
        else:
            high, above = middle, missed
            below *= 0.5 if moved > 0 else 1.0
            moved = 1
    return high
