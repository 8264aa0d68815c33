"""Times and sizes as people read them."""

from __future__ import annotations

import pytest

from vidgen_bench.experiments.estimate.amounts import duration, number, size


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (99.4, "99 s"), (99.6, "2 min"), (5900, "98 min"), (5999, "1 h 40 min"),
        (12000, "3 h 20 min"),
        (47.4 * 3600, "47 h 24 min"), (47.6 * 3600, "2 d 0 h"), (100.4 * 3600, "4 d 4 h"),
        (3.2e8, "10.1 years"), (1e300, "3.17e+292 years"),
    ],
)  # fmt: skip
def test_a_duration_has_two_units_at_most(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_count_that_nobody_reads_digit_by_digit_is_short() -> None:
    assert [number(n) for n in (0, 1234, 2**62)] == ["0", "1,234", "4.6e+18"]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (35 * 2**20, "35 MiB"),
        (2**44, "16 TiB"),
        (2**60, "1048576 TiB"),
    ],
)
def test_a_size_has_two_digits_or_more(count: int, text: str) -> None:
    assert size(count) == text
