"""What differs between two runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kit.record_files import STAMP, under
from tests.kit.run_states import begun_run, finished_run, traced, write_request
from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.runs.difference import RunDifference, difference_of
from vidgen_bench.experiments.runs.facts import facts_of


def compared(first: Path, second: Path) -> RunDifference:
    return difference_of(facts_of(first), facts_of(second))


def changes(found: RunDifference, name: str) -> dict[str, tuple[Any, Any]]:
    (part,) = [one for one in found.parts if one.part == name]
    return {change.name: (change.first, change.second) for change in part.changes}


def test_equal_runs_differ_in_nothing(tmp_path: Path) -> None:
    folder = finished_run(tmp_path, traced())
    found = compared(folder, folder)
    assert not any(part.changes or part.unknown for part in found.parts)
    assert [score.change for score in found.scores] == [0.0, 0.0]


def test_options_plugins_environment_and_scores(tmp_path: Path) -> None:
    one = finished_run(tmp_path, traced(options={"temporal.order": (1, "name"), "temporal.old": (1, "default")}))
    plugins = [p.model_dump() | ({"version": "9"} if p.kind == "backbone" else {}) for p in traced("tgan+ode2").plugins]
    two = finished_run(
        tmp_path,
        traced(
            "tgan+ode2",
            options={"temporal.order": (2, "name")},
            scores={"is": [4.0], "fid": [300.0]},
            plugins=plugins,
            environment={"torch": "2.7.0", "threads": 1, "device": "cpu", "world": 1},
        ),
    )
    found = compared(one, two)
    assert changes(found, "run") == {"spec": ("tgan+ode1", "tgan+ode2")}
    assert changes(found, "options") == {"temporal.order": (1, 2), "temporal.old": (1, None)}
    assert changes(found, "plugins")["backbone tgan"] == ("vidgen-bench 0.1.0", "vidgen-bench 9")
    assert changes(found, "environment") == {"torch": ("2.6.0", "2.7.0"), "threads": (2, 1)}
    by_name = {score.name: score for score in found.scores}
    assert by_name["fid"].change == pytest.approx(300.0 - 311.25)


def test_scores_under_other_protocols_have_no_difference(tmp_path: Path) -> None:
    other = STAMP.model_copy(update={"protocol": {**STAMP.protocol, "samples": 64}})
    one, two = finished_run(tmp_path / "a", traced()), finished_run(tmp_path / "b", traced(**under(other, "fid")))
    by_name = {score.name: score for score in compared(one, two).scores}
    assert (by_name["fid"].comparable, by_name["fid"].change) == (False, None)
    assert by_name["is"].change == 0.0


def test_a_run_without_a_record_is_compared_by_its_request(tmp_path: Path) -> None:
    one = finished_run(tmp_path, traced(options={"temporal.order": (2, "name")}))
    two = begun_run(tmp_path / "two")
    found = compared(one, two)
    assert changes(found, "options") == {"temporal.order": (2, 1)}
    assert changes(found, "environment") == {}
    (environment,) = [part for part in found.parts if part.part == "environment"]
    assert {"revision", "hardware"} <= set(environment.unknown)
    assert [(score.second, score.change) for score in found.scores] == [(None, None)] * 2


def test_hashes_of_code_are_compared_where_both_have_them(tmp_path: Path) -> None:
    one, three = tmp_path / "one", tmp_path / "three"
    write_request(one, code={"vidgen_bench": "a" * 16, "mine": "b" * 16})
    write_request(three)
    accepted = [{"iteration": 3, "earlier": {"mine": "b" * 16}}]
    packages = {"vidgen_bench": "a" * 16, "mine": "c" * 16}
    two = finished_run(tmp_path / "two", traced(code={"packages": packages, "accepted": accepted}))
    assert changes(compared(one, two), "code") == {"mine": ("b" * 16, "c" * 16)}
    assert facts_of(two).code["accepted changes"] == 1
    assert changes(compared(one, three), "code") == {}


def test_json_has_both_values(tmp_path: Path) -> None:
    one = finished_run(tmp_path / "a", traced())
    two = finished_run(tmp_path / "b", traced(seed=1, scores={"is": [4.0], "fid": [300.0]}))
    values = compared(one, two).values()
    assert values["run"]["different"] == {"seed": [0, 1]}
    assert values["scores"]["is"]["second"]["mean"] == 4.0


def test_a_run_that_has_not_begun_has_no_facts(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(RequestError, match="has not begun"):
        facts_of(tmp_path / "a")
