"""Verdicts and ranks: simulations of the null hypothesis through the shipped functions, and the special cases."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vidgen_bench.leaderboard.statistics.interval import borrowed_interval, own_interval
from vidgen_bench.leaderboard.statistics.ranks import rank_intervals
from vidgen_bench.leaderboard.statistics.selection import gain, gain_over, optimism
from vidgen_bench.leaderboard.statistics.spread import between_batches, between_seeds
from vidgen_bench.leaderboard.statistics.verdicts import Verdict, compare

DRAWS = 4000
BETWEEN, BATCH, BATCHES = 0.30, 0.25, 10
"""Spread between seeds and between batches of the Inception Score of TGAN on UCF101."""


def boards(rows: int, seeds: int, ratios: tuple[float, ...] = (1.0,), draws: int = DRAWS) -> np.ndarray:
    """Return scores of equal specs [draws, rows, seeds]: means over ten batches; row i has the spread ratios[i] times larger."""
    random = np.random.default_rng(rows * 1000 + seeds)
    scale = np.resize(ratios, rows)[:, None]
    between = BETWEEN * scale * random.standard_normal((draws, rows, seeds))
    return 15.0 + between + BATCH / math.sqrt(BATCHES) * random.standard_normal((draws, rows, seeds))


def share_of_wrong_boards(simulated: np.ndarray) -> float:
    wrong = sum(
        any(pair.verdict in (Verdict.BETTER, Verdict.WORSE) for pair in compare(board, 1))
        for board in simulated.tolist()
    )
    return wrong / len(simulated)


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
@pytest.mark.parametrize("ratios", [(1.0,), (1.0, 3.0)], ids=["equal-spread", "spread-1-to-3"])
def test_type_1_error_of_two_rows(seeds: int, ratios: tuple[float, ...]) -> None:
    assert share_of_wrong_boards(boards(2, seeds, ratios)) <= 0.06


@pytest.mark.parametrize("ratios", [(1.0,), (0.5, 1.0, 1.5, 2.0)], ids=["equal-spread", "unequal-spread"])
def test_family_wise_error_of_eight_rows(ratios: tuple[float, ...]) -> None:
    assert share_of_wrong_boards(boards(8, 5, ratios, draws=1500)) <= 0.06


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_coverage_of_the_interval(seeds: int) -> None:
    intervals = [own_interval(scores) for (scores,) in boards(1, seeds).tolist()]
    assert np.mean([i is not None and i.low <= 15.0 <= i.high for i in intervals]) >= 0.93


def test_the_borrowed_interval_has_the_stated_error() -> None:
    """The mean of another row with five seeds and equal expectation lies inside with probability 0.95."""
    outside = []
    for *others, single in boards(4, 5).tolist():
        interval = borrowed_interval(single[0], others, 5)
        assert interval is not None
        outside.append(not interval.low <= math.fsum(others[0]) / 5 <= interval.high)
    assert 0.035 <= np.mean(outside) <= 0.06


def test_true_differences_are_found() -> None:
    """Eight rows, five seeds, neighbours 1.1 standard deviations apart: 0.58 of the differences are found (facts, simulated)."""
    simulated = boards(8, 5, draws=300) + 1.1 * math.hypot(BETWEEN, BATCH / math.sqrt(BATCHES)) * np.arange(8)[:, None]
    found = [pair.verdict is Verdict.WORSE for board in simulated.tolist() for pair in compare(board, 1)]
    assert np.mean(found) == pytest.approx(0.58, abs=0.06)


def test_the_spread_between_seeds_is_free_of_batch_noise() -> None:
    random = np.random.default_rng(0)
    seeds = 15.0 + BETWEEN * random.standard_normal((400, 1)) + random.standard_normal((400, BATCHES))
    assert between_batches(seeds.tolist()) == pytest.approx(1.0, rel=0.05)
    assert between_seeds(seeds.tolist()) == pytest.approx(BETWEEN, rel=0.2)
    assert between_seeds([[1.0, 3.0], [1.5, 2.5]]) == 0.0
    assert between_seeds([[1.0], [3.0]]) == pytest.approx(math.sqrt(2))
    assert between_seeds([[1.0, 2.0]]) is None
    assert between_batches([[1.0], [3.0]]) is None


# ------------------------------------------------------------------------------------------------------------ special cases
def verdicts(rows: list[list[float]], sign: int = 1) -> list[str]:
    return [str(pair.verdict) for pair in compare(rows, sign)]


def test_rows_without_spread() -> None:
    assert verdicts([[1.0] * 5, [1.0] * 5]) == ["not separated"]
    assert verdicts([[1.0] * 5, [2.0] * 5]) == ["not testable"]
    assert verdicts([[1.0] * 5, [1.9, 2.0, 2.1, 2.0, 2.0]]) == ["worse"]
    assert verdicts([[1.0], [2.0, 2.1]]) == ["not testable"]
    assert verdicts([[1.0], [1.0]]) == ["not testable"]


def test_the_direction_of_the_metric() -> None:
    low, high = [1.0, 1.1, 0.9], [5.0, 5.1, 4.9]
    assert verdicts([low, high]) == ["worse"]
    assert verdicts([low, high], -1) == ["better"]


def test_ranks_are_intervals() -> None:
    rows = [[9.0, 9.1, 8.9, 9.0], [5.0, 5.1, 4.9, 5.0], [5.05, 5.1, 4.95, 5.0], [1.0, 1.1, 0.9, 1.0]]
    assert rank_intervals(4, compare(rows, 1)) == [(1, 1), (2, 3), (2, 3), (4, 4)]
    assert rank_intervals(4, compare(rows, 1), last=2) == [(1, 1), (2, 3), (2, 3), (4, 4)]
    assert rank_intervals(4, compare(rows, -1)) == [(4, 4), (2, 3), (2, 3), (1, 1)]
    same = [rows[1], rows[2]]
    assert rank_intervals(2, compare(same, 1)) == [(1, 2), (1, 2)]
    assert rank_intervals(1, [], last=1) == [(1, 1)]
    assert rank_intervals(0, []) == []


def test_optimism_and_gain() -> None:
    assert optimism(15.5, 15.2, 1) == pytest.approx(0.3)
    assert optimism(100.0, 110.0, -1) == pytest.approx(10.0)
    assert gain([1.0] * 8 + [10.0, 12.0], 15.0, 1) == pytest.approx(4.0)
    assert gain([1.0, 2.0], 3.0, -1) == pytest.approx(-1.0)
    assert gain([], 3.0, 1) is None
    assert [str(found(5.0, 5.0, -1)) for found in (optimism, gain_over)] == ["0.0", "0.0"]  # not -0.0
