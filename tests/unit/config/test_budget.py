"""Budgets: what may be spent."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from vidgen_bench.config.budget import Budget, parse_budget
from vidgen_bench.errors import RequestError


@pytest.mark.parametrize(
    ("text", "limits", "spelt"),
    [
        ("iterations=5", {"iterations": 5}, "iterations=5"),
        ("device-hours=0.5", {"device_hours": 0.5}, "device-hours=0.5"),
        (
            "device_hours=0.5, iterations=1000",
            {"iterations": 1000, "device_hours": 0.5},
            "iterations=1000,device-hours=0.5",
        ),
        ("clips=64,flops=1e12", {"clips": 64, "flops": 1e12}, "clips=64,flops=1e+12"),
    ],
)
def test_parsed(text: str, limits: dict[str, float], spelt: str) -> None:
    budget = parse_budget(text)
    assert budget.limits == limits
    assert str(budget) == spelt
    assert parse_budget(str(budget)) == budget


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("iteration=5", "Did you mean 'iterations'"),
        ("gpu-weeks=5", "Valid: clips, device-hours, flops, iterations"),
        ("iterations", "expected KIND=AMOUNT"),
        ("", "expected KIND=AMOUNT"),
        ("iterations=5,", "expected KIND=AMOUNT"),
        ("iterations=many", "'many' is not a valid number"),
        ("iterations=1.5", "'1.5' is not a valid number"),
        ("iterations=0", "greater than 0"),
        ("iterations=-5", "greater than 0"),
        ("device-hours=nan", "greater than 0"),
        ("device-hours=inf", "greater than 0"),
    ],
)
def test_refused(text: str, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        parse_budget(text)


def test_a_budget_has_a_limit() -> None:
    with pytest.raises(ValidationError, match="at least one of"):
        Budget()
