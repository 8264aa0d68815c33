"""The exact permutation test, which assumes no distribution: a cross-check of Welch's test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

MOST = 200_000
"""The most assignments that are enumerated: 10 seeds against 10 seeds are 184,756."""


def smallest_p(first: int, second: int) -> float:
    """Return the smallest two-sided p that these numbers of seeds allow: 0.10, 0.029, 0.0079 for 3, 4, 5 against as many."""
    ways = math.comb(first + second, first)
    return (2.0 if first == second else 1.0) / ways


def permutation_p(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return the share of all assignments of the scores to two rows whose means differ at least as much, or None beyond MOST.

    Two-sided and unpaired; p is exact if the rows have the same distribution.
    """
    scores, size = [*first, *second], len(first)
    if math.comb(len(scores), size) > MOST:
        return None
    centre = math.fsum(scores) / len(scores)
    shifted = [score - centre for score in scores]
    observed = abs(math.fsum(shifted[:size]))
    least = observed - 1e-9 * max(map(abs, shifted))
    sums = [abs(math.fsum(chosen)) for chosen in combinations(shifted, size)]
    return sum(s >= least for s in sums) / len(sums)
