"""Student's t and chi-square against scipy; golden values of Welch, Holm, intervals and power from statsmodels 0.15.0."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from scipy import special

from vidgen_bench.leaderboard.statistics import chi_square, holm, spread, student
from vidgen_bench.leaderboard.statistics.interval import borrowed_interval, own_interval
from vidgen_bench.leaderboard.statistics.permutation import permutation_p, smallest_p
from vidgen_bench.leaderboard.statistics.power import POWER, detectable, power, seeds_needed
from vidgen_bench.leaderboard.statistics.welch import welch

A = (14.9, 15.3, 15.1, 14.6, 15.4)
B = (14.2, 14.9, 13.1, 14.4, 15.0)
C = (15.06, 14.75, 14.61)


@pytest.mark.parametrize("df", [1, 1.3, 2, 3.7, 4, 8, 20, 100, 1000.5])
def test_student(df: float) -> None:
    for t in (0.0, 0.01, 0.5, 1.0, 2.0, 5.0, 12.7, 100.0, 1e4):
        assert student.two_sided_p(t, df) == pytest.approx(2 * special.stdtr(df, -t), rel=1e-9)
        assert student.two_sided_p(-t, df) == student.two_sided_p(t, df)
    for p in (0.6, 0.9, 0.975, 0.9995, 1 - 0.05 / 56, 1 - 1e-7):
        assert student.quantile(p, df) == pytest.approx(special.stdtrit(df, p), rel=1e-9)
    assert student.two_sided_p(math.inf, df) == 0


@pytest.mark.parametrize("df", [1, 1.5, 2, 4, 8, 30, 200, 2000])
def test_noncentral_student(df: float) -> None:
    for t in (-2.8, 0.5, 2.0, 2.8, 5.0, 12.7):
        for shift in (0.0, 0.5, 1.0, 3.0, 6.0, *([20.0] if t > 0 else [])):  # scipy returns nan for -2.8 and 20
            assert student.noncentral_cdf(t, df, shift) == pytest.approx(special.nctdtr(df, shift, t), abs=1e-9)


@pytest.mark.parametrize("df", [1, 2, 4, 9, 200])
def test_chi_square(df: int) -> None:
    for x in (0.0, 0.001, 0.1, 1.0, 5.0, 50.0, 300.0):
        assert chi_square.cdf(x, df) == pytest.approx(special.chdtr(df, x), abs=1e-12)
    for p in (0.025, 0.5, 0.975):
        assert chi_square.quantile(p, df) == pytest.approx(special.chdtri(df, 1 - p), rel=1e-9)


def test_the_interval_of_a_standard_deviation() -> None:
    assert chi_square.sd_factors(2) == pytest.approx((0.52, 6.28), abs=0.01)
    assert chi_square.sd_factors(4) == pytest.approx((0.60, 2.87), abs=0.01)


@pytest.mark.parametrize(
    ("sizes", "ratio", "least"),
    [((5, 5), 1.0, 0.93), ((3, 10), 1.0, 0.92), ((2, 20), 1.0, 0.84), ((5, 5), 4.0, 0.92), ((5, 20), 0.25, 0.92)],
)
def test_the_interval_of_the_spread_of_two_rows(sizes: tuple[int, int], ratio: float, least: float) -> None:
    """It covers the root of the mean variance in about 95 % of draws, less only where a row has two seeds and the other many."""
    random, covered, draws = np.random.default_rng(1), 0, 1500
    true = np.sqrt((1.0 + ratio**2) / 2.0)
    factors = functools.lru_cache(maxsize=None)(chi_square.sd_factors)
    for _ in range(draws):
        rows = random.standard_normal(sizes[0]), ratio * random.standard_normal(sizes[1])
        sd, df = spread.root_mean_variance(*(row.tolist() for row in rows))
        low, high = factors(round(df, 1))
        covered += low * sd <= true <= high * sd
    assert covered / draws >= least


@pytest.mark.parametrize(
    ("first", "second", "t", "p", "df", "interval"),
    [
        (A, B, 2.006606734822579, 0.09702207145916604, 5.383974989666355, (-0.18800512037077488, 1.6680051203707824)),
        (A, C, 1.2948485630223823, 0.24631966274006334, 5.585033102828059, (-0.2341536303163554, 0.7408202969830266)),
        (C, B, 1.3340706541677014, 0.23884987142046582, 5.080901442978413, (-0.4466038697085387, 1.4199372030418749)),
    ],
)
def test_welch(
    first: tuple[float, ...], second: tuple[float, ...], t: float, p: float, df: float, interval: tuple[float, float]
) -> None:
    test = welch(first, second)
    assert test is not None
    assert test.difference / test.standard_error == pytest.approx(t, rel=1e-9)
    assert (test.p, test.df) == pytest.approx((p, df), rel=1e-9)
    assert (test.difference - test.half_width, test.difference + test.half_width) == pytest.approx(interval, rel=1e-9)
    back = welch(second, first)
    assert back is not None
    assert (back.difference, back.p) == pytest.approx((-test.difference, p), rel=1e-12)


def test_welch_with_spread_in_one_row_only() -> None:
    test = welch(A, (15.0, 15.0, 15.0))
    assert test is not None
    assert test.df == pytest.approx(4)
    assert welch((1.0, 1.0), (1.0, 1.0)) is None
    assert welch((0.1 + 0.2, 0.3), (0.4, 0.4)) is None  # rounding is not spread
    assert welch(A, (15.0,)) is None


def test_holm() -> None:
    assert holm.adjust([0.01, 0.04, 0.03, 0.005, 0.005, 0.2, 0.9]) == pytest.approx(
        [0.05, 0.12, 0.12, 0.035, 0.035, 0.4, 0.9]
    )
    assert holm.adjust([]) == []


def test_intervals() -> None:
    own = own_interval(A)
    assert own is not None
    assert (own.low, own.high) == pytest.approx((14.661505160765111, 15.458494839234893), rel=1e-9)
    assert own_interval((15.0,)) is None
    assert borrowed_interval(15.0, [C, (14.0,)], 5) is None  # two degrees of freedom
    # by hand: s_p^2 = (4 * 0.103 + 4 * 0.577) / 8, t(0.975, 8) = 2.306004135
    borrowed = borrowed_interval(15.0, [A, B, (15.0,)], 5)
    assert borrowed is not None
    assert borrowed.borrowed
    assert borrowed.half_width == pytest.approx(2.306004135 * math.sqrt(0.34) * math.sqrt(1.2), rel=1e-8)


@pytest.mark.parametrize(
    ("effect", "seeds", "level", "expected"),
    [
        (1.0, 5, 0.05, 0.28629549338059757),
        (2.0, 5, 0.05 / 28, 0.1988360344232397),
        (0.4746, 71, 0.05, 0.801877625653414),
        (0.4746, 70, 0.05, 0.7962272319429109),
        (1.5, 3, 0.05, 0.2931947003055979),
    ],
)
def test_power(effect: float, seeds: int, level: float, expected: float) -> None:
    assert power(effect, seeds, level) == pytest.approx(expected, abs=1e-8)


def test_seeds_needed_and_detectable_effects_invert_the_power() -> None:
    assert seeds_needed(0.4746) == 71  # statsmodels: 70.665
    assert seeds_needed(50.0) == 2
    assert seeds_needed(0.0) is None
    assert seeds_needed(1e-9) is None
    assert seeds_needed(0.014) == pytest.approx(2 * (2.8016 / 0.014) ** 2, rel=1e-3)  # the normal limit, 80,093
    for seeds, level in ((2, 0.05), (5, 0.05), (5, 0.05 / 28), (20, 0.01)):
        effect = detectable(seeds, level)
        assert power(effect, seeds, level) == pytest.approx(POWER, abs=1e-6)
        assert seeds_needed(effect * (1 + 1e-6), level) == seeds
    assert detectable(5) == pytest.approx(2.024440145655355, rel=1e-6)
    assert detectable(5, 0.05 / 28) == pytest.approx(3.609787904145041, rel=1e-6)


def test_permutation() -> None:
    assert [smallest_p(n, n) for n in (3, 4, 5)] == pytest.approx([0.10, 0.0286, 0.0079], abs=5e-5)
    assert permutation_p((1, 2, 3, 4, 5), (6, 7, 8, 9, 10)) == pytest.approx(smallest_p(5, 5))
    assert permutation_p((1, 2), (1, 2)) == 1
    assert permutation_p((0.0, 0.0, 0.1), (0.3, 0.2)) == pytest.approx(smallest_p(3, 2))
    assert permutation_p(range(20), range(20)) is None
