"""Checks that a run spent its track's budget and no more: training ends with the iteration that reaches a limit."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from vidgen_bench.config.budget import Budget
from vidgen_bench.records.record import Record

TOLERANCE = 0.1
"""Largest accepted excess over a limit, as a fraction of it; two iterations are accepted too, which is more in a tiny budget."""


def faults_of_budget(record: Record) -> Iterator[str]:
    """Yield the limits that a run exceeded by more than the tolerance."""
    for kind, limit, spent in _limits(record):
        if spent > limit + max(_tolerated(kind, limit), 2 * _iteration(record, kind, spent)):
            yield f"{_trained(kind, limit, spent)}; training ends at the budget. Was the record edited by hand?"


def questions_of_budget(record: Record) -> Iterator[str]:
    """Yield the limits that a run exceeded within the tolerance, and whether a finished run reached none."""
    limits = list(_limits(record))
    for kind, limit, spent in limits:
        if spent > limit * 1.001 + 1.1 * _iteration(record, kind, spent):
            yield _trained(kind, limit, spent)
    if record.status == "finished" and limits and all(spent < limit * 0.999 for _, limit, spent in limits):
        yield "; ".join(_trained(*each) for each in limits)


def _limits(record: Record) -> Iterator[tuple[str, float, float]]:
    """Yield the kind, the limit and what was spent, for every limit of the track's budget."""
    try:
        budget = Budget.model_validate(record.track.declared.get("budget"))
    except ValidationError:
        return  # faults_of_track reports it
    measured = record.measured
    spent = {
        "iterations": record.spent.iterations,
        "clips": record.spent.clips,
        "flops": record.spent.flops,
        "device_hours": max(measured.device_hours, measured.train_seconds * record.environment.world / 3600),
    }
    yield from ((kind, limit, spent[kind]) for kind, limit in budget.limits.items())


def _tolerated(kind: str, limit: float) -> float:
    return 0.0 if kind == "iterations" else TOLERANCE * limit


def _iteration(record: Record, kind: str, spent: float) -> float:
    """Return what one iteration spends on average; iterations themselves are counted exactly."""
    return 0.0 if kind == "iterations" else spent / max(record.spent.iterations, 1)


def _trained(kind: str, limit: float, spent: float) -> str:
    word = kind.replace("_", "-")
    return f"it trained for {spent:.6g} {word}; the track's budget is {limit:.6g}"
