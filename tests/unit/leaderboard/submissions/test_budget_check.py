"""A run ends with the iteration that reaches a limit of its budget; one that trained for longer is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.record_files import DECLARED, MEASURED, record
from vidgen_bench.leaderboard.submissions.budget_check import faults_of_budget, questions_of_budget
from vidgen_bench.leaderboard.submissions.layout import record_place
from vidgen_bench.leaderboard.submissions.record_check import Refused, check_record
from vidgen_bench.records.record import Record

SPENT = {"iterations": 400, "clips": 3200, "flops": 1.5e13}


def with_budget(budget: dict[str, Any], hours: float = 0.08, world: int = 1, **spent: Any) -> Record:
    """Return a record that spent 400 iterations, 3,200 clips, 1.5e13 operations and these device-hours, unless changed."""
    return record(
        declared=DECLARED | {"budget": budget},
        spent=SPENT | spent,
        measured=MEASURED | {"device_hours": hours, "train_seconds": hours * 3600 / world},
        environment={"torch": "2.6.0", "threads": 2, "device": "cpu", "world": world},
    )


EXCEEDED: dict[str, Record] = {
    "iterations": with_budget({"iterations": 399}),
    "clips": with_budget({"clips": 2800}),
    "flops": with_budget({"flops": 1.3e13}),
    "device-hours": with_budget({"device_hours": 1.0}, hours=400.0),
    "device-hours of two": with_budget({"device_hours": 1.0, "iterations": 400}, hours=1.2, world=2),
}


@pytest.mark.parametrize("name", EXCEEDED)
def test_more_than_the_budget_is_a_fault(name: str) -> None:
    made = EXCEEDED[name]
    with pytest.raises(Refused, match=f"it trained for .* {name.split()[0]}; the track's budget is"):
        check_record(made.text().encode(), str(record_place(made)))


def test_hours_and_seconds_both_count() -> None:
    made = record(declared=DECLARED | {"budget": {"device_hours": 1.0}}, measured=MEASURED | {"train_seconds": 9000.0})
    assert len(list(faults_of_budget(made))) == 1


TINY = {"iterations": 3, "clips": 24, "flops": 1e11}
WITHIN: dict[str, Record] = {
    "the last iteration": with_budget({"clips": 3193}),
    "one slow iteration of a tiny budget": with_budget({"device_hours": 0.0005}, hours=0.0007, **TINY),
    "one of two limits": with_budget({"device_hours": 1.0, "clips": 3200}, hours=0.5),
    "no valid budget": with_budget({"iterations": "many"}),
}


@pytest.mark.parametrize("name", WITHIN)
def test_a_run_that_ends_at_its_budget_raises_no_question(name: str) -> None:
    assert list(faults_of_budget(WITHIN[name])) == []
    assert list(questions_of_budget(WITHIN[name])) == []


@pytest.mark.parametrize(("hours", "asked"), [(1.05, True), (1.002, False), (1.0, False), (0.5, True)])
def test_a_little_more_and_less_are_for_a_person(hours: float, asked: bool) -> None:
    made = with_budget({"device_hours": 1.0}, hours=hours)
    assert list(faults_of_budget(made)) == []
    found = [f"it trained for {hours:g} device-hours; the track's budget is 1"] if asked else []
    assert list(questions_of_budget(made)) == found
