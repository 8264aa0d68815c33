"""Rounded numbers for tables."""

from __future__ import annotations

import pytest

from vidgen_bench.leaderboard.estimates import Estimate
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.rows import Summary
from vidgen_bench.leaderboard.statistics.interval import Interval


def of(mean: float, std: float | None) -> Summary:
    return Summary(mean, std, "batches", 4)


@pytest.mark.parametrize(
    ("spreads", "places"),
    [
        ([0.26], 2),
        ([27.0], 0),
        ([2.7], 1),
        ([2700.0], 0),
        ([0.0031], 4),
        ([1e-9], 4),
        ([], 2),
        ([None, 0.0], 2),
        ([0.1, 0.2, 50.0], 2),
    ],
)
def test_decimals_of_a_column(spreads: list[float | None], places: int) -> None:
    assert numbers.decimals(spreads) == places


def test_published_numbers_have_no_more_decimals_than_were_published() -> None:
    assert numbers.as_published(of(15.2, 0.26), 4) == "15.20 ± 0.26"
    assert numbers.as_published(of(26512.0, 27.0), 1) == "26,512 ± 27"
    assert numbers.as_published(of(13.62, None), 4) == "13.62"
    assert numbers.as_published(of(13.62, None), 1) == "13.6"
    assert numbers.as_published(None, 2) == "–"


def test_mean_and_spread() -> None:
    assert numbers.mean_and_spread(of(15.196, 0.263), 2) == "15.20 ± 0.26"
    assert numbers.mean_and_spread(of(26511.6, 27.3), 0) == "26,512 ± 27"
    assert numbers.mean_and_spread(of(2.9, None), 2) == "2.90"
    assert numbers.mean_and_spread(None, 2) == "–"


@pytest.mark.parametrize(
    ("places", "mean", "std", "text"),
    [
        (1, 0.037, 0.002, "0.037 ± 0.002"),
        (1, 253.07, 4.83, "253.1 ± 4.8"),
        (0, 0.037, 27.0, "0 ± 27"),  # its spread has digits in this column
        (1, 0.0, 0.0, "0.0 ± 0.0"),
        (1, -3e-9, None, "0.0"),
        (2, 0.5, None, "0.50"),
        (1, 0.5, None, "0.50"),
        (1, 1.0, None, "1.0"),
        (4, -0.0003, 0.00002, "-0.00030 ± 0.00002"),
        (1, 0.00000062, None, "0.00000062"),
    ],
)
def test_a_number_too_small_for_its_column_keeps_two_significant_digits(
    places: int, mean: float, std: float | None, text: str
) -> None:
    assert numbers.mean_and_spread(of(mean, std), places) == text


def test_a_published_number_gets_no_digits_that_were_not_published() -> None:
    assert numbers.as_published(of(0.04, None), 1) == "0.04"
    assert numbers.as_published(of(0.0371, None), 1) == "0.037"


def test_mean_and_interval() -> None:
    def estimate(interval: Interval | None) -> Estimate:
        return Estimate({0: 15.196}, 15.196, interval, frozenset())

    assert numbers.mean_and_interval(estimate(Interval(15.196, 0.314)), 2) == "15.20 ± 0.31"
    assert numbers.mean_and_interval(estimate(Interval(15.196, 0.92, borrowed=True)), 2) == "15.20 (± 0.92)"
    assert numbers.mean_and_interval(estimate(None), 2) == "15.20"
    small = Estimate({0: 0.037}, 0.037, Interval(0.037, 0.0021), frozenset())
    assert numbers.mean_and_interval(small, 1) == "0.037 ± 0.002"
    assert numbers.mean_and_interval(None, 2) == "–"


@pytest.mark.parametrize(
    ("value", "text", "with_sign"),
    [
        (0.14, "0.14", "+0.14"),
        (-26512.4, "-26,512.40", "-26,512.40"),
        (999_999_999.0, "999,999,999.00", "+999,999,999.00"),
        (1e9, "1e+09", "+1e+09"),
        (-1.23456e100, "-1.235e+100", "-1.235e+100"),
        (1.8e308, "inf", "+inf"),
    ],
)
def test_very_large_numbers_are_in_scientific_form(value: float, text: str, with_sign: str) -> None:
    assert numbers.amount(value, 2) == text
    assert numbers.signed(value, 2) == with_sign


def test_a_value_that_rounds_to_zero_has_no_sign() -> None:
    for value, places in ((-0.0, 1), (0.0, 1), (-0.004, 2), (0.004, 2), (-0.4, 0)):
        zero = f"{0:.{places}f}"
        assert numbers.amount(value, places) == numbers.signed(value, places) == zero
    assert (numbers.signed(-0.005001, 2), numbers.signed(-10.0, 0)) == ("-0.01", "-10")


def test_no_value_of_a_row_fills_a_line() -> None:
    huge = Estimate({0: 1e100}, 1e100, Interval(1e100, 3e99), frozenset(), None, None)
    assert numbers.mean_and_interval(huge, 2) == "1e+100 ± 3e+99"
    assert numbers.mean_and_spread(of(1e100, 1e99), 2) == "1e+100 ± 1e+99"
    assert numbers.span([2**63 - 1, 5]) == "5-9.223e+18"
    assert numbers.hours([1e100]) == "1e+100"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), (0, "0"), (61_632, "61,632"), (999_999, "999,999"), (1_000_000, "1.00 M"), (9_994_999, "9.99 M"),
        (9_995_000, "10.0 M"), (13_412_345, "13.4 M"), (77_870_080, "77.9 M"), (999_499_999, "999 M"), (999_500_000, "1.00 G"),
        (1_500_000_000_000, "1.50 T"),
    ],
)  # fmt: skip
def test_counts(value: int | None, text: str) -> None:
    assert numbers.count(value) == text
    assert len(text) <= 7


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([0], "0"), ([0, 1], "0,1"), ([0, 1, 2], "0-2"), ([5, 0, 2, 1], "0-2,5"), ([3, 7, 8], "3,7,8"), ([0, 0], "0x2"),
        ([0, 0, 1], "0x2,1"), ([0, 1, 1, 2], "0,1x2,2"), ([0, 0, 1, 1], "0x2,1x2"),
    ],
)  # fmt: skip
def test_seeds(values: list[int], text: str) -> None:
    assert numbers.seeds(values) == text


def test_spans_and_hours() -> None:
    assert numbers.span([400, 400]) == "400"
    assert numbers.span([100_000, 98_000]) == "98,000-100,000"
    assert [numbers.hours([h]) for h in (0.0, 0.0778, 0.5, 1.0, 14.2, 1e-7)] == [
        "0",
        "0.078",
        "0.50",
        "1.0",
        "14",
        "<0.0001",
    ]
    assert numbers.hours([1.0, 2.0]) == "1.5"
