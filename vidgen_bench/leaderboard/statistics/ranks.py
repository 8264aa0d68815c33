"""Ranks: the places that a table's verdicts leave open to each row."""

from __future__ import annotations

from collections.abc import Sequence

from vidgen_bench.leaderboard.statistics.verdicts import SEPARATED, Pair


def rank_intervals(count: int, pairs: Sequence[Pair], last: int = 0) -> list[tuple[int, int]]:
    """Return the best and the worst place of each of ``count`` compared rows.

    [1 + number of clearly better rows, m - number of clearly worse rows], m = count + last (Mogstad, Romano, Shaikh and
    Wilhelm 2023). All intervals contain the true ranks with probability 0.95 or more.

    Args:
        count: the number of compared rows.
        pairs: the verdicts on their pairs.
        last: the number of further rows that are worse than all of these without a test, because their runs diverged.
    """
    better, worse = [0] * count, [last] * count
    first_ahead, second_ahead = SEPARATED
    for first, second, _, _, verdict in pairs:
        if verdict is first_ahead:
            worse[first] += 1
            better[second] += 1
        elif verdict is second_ahead:
            worse[second] += 1
            better[first] += 1
    return [(1 + better[i], count + last - worse[i]) for i in range(count)]
