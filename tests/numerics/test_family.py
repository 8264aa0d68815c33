"""Holm's method without most p-values gives the verdicts of Holm's method with all of them."""

from __future__ import annotations

import numpy as np
import pytest

from vidgen_bench.leaderboard.statistics import holm, student
from vidgen_bench.leaderboard.statistics.family import Family
from vidgen_bench.leaderboard.statistics.verdicts import LEVEL, Pair, Verdict, compare
from vidgen_bench.leaderboard.statistics.welch import Welch


def by_every_p(pairs: list[Pair], sign: int) -> list[Verdict]:
    corrected = iter(holm.adjust([pair.test.p for pair in pairs if pair.test]))
    return [
        pair.verdict
        if pair.test is None
        else Verdict.NOT_SEPARATED
        if next(corrected) > LEVEL
        else Verdict.BETTER
        if sign * pair.test.difference > 0
        else Verdict.WORSE
        for pair in pairs
    ]


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
@pytest.mark.parametrize("apart", [0.0, 0.1, 0.3, 1.0, 3.0, 30.0])
def test_verdicts(seeds: int, apart: float) -> None:
    random = np.random.default_rng(seeds)
    for rows in (2, 3, 8, 25):
        for _ in range(8):
            means, spreads = apart * np.arange(rows), random.lognormal(0.0, 0.7, rows)
            scores = means[:, None] + spreads[:, None] * random.standard_normal((rows, seeds))
            scores[random.random(rows) < 0.1] = means[0]
            for sign in (1, -1):
                pairs = compare(scores.tolist(), sign)
                assert [pair.verdict for pair in pairs] == by_every_p(pairs, sign)


@pytest.mark.parametrize("count", [1, 2, 7, 30])
def test_tests_exactly_at_the_limits(count: int) -> None:
    """p-values on both sides of every step of Holm's method, at whole degrees of freedom, where the bounds are tightest."""
    random = np.random.default_rng(count)
    for _ in range(30):
        p_values = [
            LEVEL / random.integers(1, count + 1) * random.choice([1 - 1e-9, 1 + 1e-9, 0.5]) for _ in range(count)
        ]
        tests = [
            Welch(student.quantile(1 - p / 2, df), 1.0, df)
            for p, df in zip(p_values, random.integers(1, 9, count).tolist(), strict=True)
        ]
        wanted = {k for k, p in enumerate(holm.adjust([test.p for test in tests])) if p <= LEVEL}
        assert Family(tests).separated(LEVEL) == wanted


def test_corrected_p_values() -> None:
    pairs = compare(np.random.default_rng(0).standard_normal((6, 4)).tolist(), 1)
    p_values = [pair.test.p for pair in pairs if pair.test]
    assert [pair.corrected_p for pair in pairs] == holm.adjust(p_values)
    assert [pair.reversed().corrected_p for pair in pairs] == holm.adjust(p_values)
    assert compare([[1.0, 1.0], [1.0, 1.0]], 1)[0].corrected_p is None


@pytest.mark.parametrize(("seeds", "rows"), [(2, 6), (2, 8), (3, 6), (5, 8), (5, 25)])
def test_corrected_p_values_with_many_degrees_of_freedom(seeds: int, rows: int) -> None:
    """Unequal spreads give every pair other degrees of freedom, so that t does not tell the order of the p-values."""
    random = np.random.default_rng(5)
    for _ in range(60):
        spreads = random.choice([0.1, 0.3, 0.6], (rows, 1))
        scores = 0.35 * np.arange(rows)[:, None] + spreads * random.standard_normal((rows, seeds))
        pairs = compare(scores.tolist(), 1)
        wanted = holm.adjust([pair.test.p for pair in pairs if pair.test])
        assert [pair.corrected_p for pair in pairs] == pytest.approx(wanted, rel=1e-12)


def test_few_p_values_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    exact = student.two_sided_p

    def counted(t: float, df: float) -> float:
        nonlocal calls
        calls += 1
        return exact(t, df)

    monkeypatch.setattr(student, "two_sided_p", counted)
    scores = np.random.default_rng(0).standard_normal((60, 5)) + 0.5 * np.arange(60)[:, None]
    compare(scores.tolist(), 1)
    assert calls < 0.4 * 60 * 59 / 2
