"""Holm's correction of p-values for the number of comparisons in a table."""

from __future__ import annotations

from collections.abc import Sequence


def adjust(p_values: Sequence[float]) -> list[float]:
    """Return the p-values corrected by Holm's step-down method; compare each with the level.

    In ascending order p_(1) <= ... <= p_(m): adjusted p_(i) = max over j <= i of min(1, (m - j + 1) p_(j)). The probability of
    calling any two equal rows different is at most the level, whatever the dependence between the tests (Holm 1979).
    """
    count, largest = len(p_values), 0.0
    adjusted = [0.0] * count
    for rank, i in enumerate(sorted(range(count), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (count - rank) * p_values[i]))
        adjusted[i] = largest
    return adjusted
