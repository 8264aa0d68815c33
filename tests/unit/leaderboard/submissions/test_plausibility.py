"""Plausibility: unusual values are listed for a person and are no faults."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kit.record_files import STAMP, WATCHED, plugins, record
from tests.kit.submitted_results import reasons, seeds_of, spoil, submitted
from vidgen_bench.leaderboard.submissions.plausibility import questions
from vidgen_bench.records.record import read_record

SCHEMA_2 = Path(__file__).parents[2] / "records" / "schema-2.json"
"""The record of a real run."""


def test_a_real_run_raises_no_question() -> None:
    assert list(questions(read_record(SCHEMA_2))) == []


def score(values: list[float]) -> dict[str, Any]:
    from vidgen_bench.records.entries import Score

    return Score.of(values).model_dump(mode="json")


UNUSUAL: dict[str, tuple[Callable[[Any], None], str]] = {
    "better than real clips": (
        lambda t: t["scores"].update(fid=score([9.0, 9.1] * 2)),
        "FID 9.05 is better than that of held-out real clips, 18.5",
    ),
    "higher than real clips": (lambda t: t["scores"].update({"is": score([8.0, 9.0] * 2)}), "IS 8.5 is better"),
    "no spread": (lambda t: t["scores"].update(fid=score([99.0] * 4)), "FID has no spread over 4 batches"),
    "too fast": (lambda t: t["spent"].update(flops=1e18), "Test CPU has a peak of about 2e+13"),
    "no time": (lambda t: t["measured"].update(train_seconds=0.0), "training took no time"),
    "another budget": (lambda t: t["spent"].update(iterations=40), "it trained for 40 iterations; the track's budget is 400"),
    "a trace that goes on": (lambda t: t["spent"].update(iterations=399), "an evaluation at iteration 400; it trained for 399"),
    "not the best": (
        lambda t: t["trace"].append({"iteration": 300, "losses": {}, "scores": {"fid": 300.0}}),
        "its checkpoint was chosen by FID 312, but the best evaluation of its trace has 300",
    ),
    "backwards": (lambda t: t["measured"].update(finished="2023-01-01T00:00:00Z"), "it finished before it started"),
    "no dates": (lambda t: t["measured"].update(started="yesterday"), "are not both times"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_value_is_for_a_person(tmp_path: Path, name: str) -> None:
    change, question = UNUSUAL[name]
    paths = submitted(tmp_path, *seeds_of())
    spoil(paths[2], change)
    assert question in reasons(tmp_path, "look")["test-64/tgan+ode1/seed-2.json"]
    assert reasons(tmp_path) == {}


@pytest.mark.parametrize("last", [400, 300])
def test_a_finished_run_that_is_marked_as_diverged_is_for_a_person(last: int) -> None:
    """The floor is a better score than a very bad one; training ends with the evaluation that finds a divergence."""
    trace = [{"iteration": last, "losses": {}, "scores": {"fid": 999.0}}]
    found = list(questions(record(diverged=True, trace=trace)))
    assert found == (
        ["it diverged, but has scores at its last iteration, 400. Was a bad seed marked, to take a floor?"]
        if last == 400
        else []
    )


def test_seeds_with_different_parameters_are_for_a_person(tmp_path: Path) -> None:
    paths = submitted(tmp_path, *seeds_of())
    spoil(paths[0], lambda t: t["parameters"].update(temporal=10))
    assert "its seeds have different numbers of parameters" in reasons(tmp_path, "look")["test-64/tgan+ode1"]


def test_a_track_of_your_own_is_for_a_person(tmp_path: Path) -> None:
    submitted(tmp_path, *seeds_of())
    ((folder, question),) = reasons(tmp_path, "look").items()
    assert folder == "test-64/tgan+ode1"
    assert "the track test-64 does not come with vidgen-bench" in question


def test_seeds_without_any_spread_are_for_a_person(tmp_path: Path) -> None:
    paths = submitted(tmp_path, *seeds_of())
    for path in paths:
        spoil(path, lambda t: t["scores"].update(fid=score([300.0, 302.0] * 2)))
    assert reasons(tmp_path, "look")["test-64/tgan+ode1"].endswith("all seeds have the same fid, 301")


def test_seeds_that_differ_by_less_than_their_batches_are_for_a_person(tmp_path: Path) -> None:
    """Invented scores give a row a narrow interval."""
    near = [record(seed=s, scores={"is": [3.0] * 4, "fid": [300.0 + 0.01 * s, 304.0 + 0.01 * s] * 2}) for s in range(5)]
    submitted(tmp_path, *near)
    found = reasons(tmp_path, "look")["test-64/tgan+ode1"]
    assert found.endswith(
        "the seeds differ in fid by a standard deviation of 0.016; the noise of their batches alone makes it about 1.2"
    )


@pytest.mark.parametrize(("fid", "asked"), [(280.0, True), (305.0, False), (400.0, False)])
@pytest.mark.parametrize("watched", [STAMP.id, WATCHED.id])
def test_a_final_score_far_better_than_at_its_choice_is_for_a_person(fid: float, asked: bool, watched: str) -> None:
    """The checkpoint was chosen by a FID of 312, on as many samples or on fewer."""
    made = record(watched=watched, scores={"fid": [fid + b for b in range(4)], "is": [3.1, 3.2, 3.1, 3.0]})
    found = list(questions(made))
    assert found == (
        [
            "FID 281.5 on fresh samples is much better than 312, by which its checkpoint was chosen. Were the scores edited by hand?"
        ]
        if asked and watched == STAMP.id
        else []
    )


VERSIONS = {
    "0.1.0": True, "1.0": True, "2026.11": True, "1!2.0rc1": True, "1.0.post2": True, "v1.2": True, "1.0b": True,
    "0.1.0+fixed": False, "1.0.dev3": False, "mine": False, "0.1.0 fixed": False, "": False, "0.1.x": False,
}  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("plugin", [True, False])
def test_a_version_that_is_no_release_is_for_a_person(version: str, plugin: bool) -> None:
    """An erratum names versions, so ``0.1.0+fixed`` would evade one of 0.1.0."""
    changes: dict[str, Any] = {"plugins": plugins(["metric"], version=version)} if plugin else {"version": version}
    asked = (
        []
        if VERSIONS[version]
        else [f"vidgen-bench has the version {version!r}, which is not a release; was its code changed?"]
    )
    assert list(questions(record(**changes))) == asked
