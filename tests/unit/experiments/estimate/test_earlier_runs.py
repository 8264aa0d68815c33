"""Records of earlier runs give the cost of a run only where model, clip, scoring and machine are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kit.record_files import MEASURED, record
from vidgen_bench.compose.composition import compose
from vidgen_bench.config.budget import Budget
from vidgen_bench.config.track import Track, load_track
from vidgen_bench.experiments.estimate.earlier_runs import Expected, Machine, expected
from vidgen_bench.host.host import Host
from vidgen_bench.records.record import write_record

MACHINE = Machine("Test CPU", "cpu", 2)
SMOKE = load_track("shapes-smoke")
TRACK = SMOKE.model_copy(
    update={"budget": Budget(iterations=400), "evaluation": SMOKE.evaluation.model_copy(update={"every": 100})}
)
"""A track of its name with the 400 iterations of the written records, and four evaluations."""

MODEL = compose("tgan+ode1", TRACK, {}, Host.of_environment()).resolved
OPTIONS = {key: (s.model_dump(mode="json")["value"], s.origin) for key, s in MODEL.settings.items()}


def write(runs: Path, seed: int = 0, track: str = "shapes-smoke", **changes: Any) -> Path:
    """Write a run of 400 iterations: 280 s of training, one evaluation of 20 s on 128 clips, the end 20 s after."""
    path = runs / track / "tgan+ode1" / f"seed-{seed}" / "record.json"
    write_record(path, record(seed=seed, track=track, **({"declared": TRACK.declared, "options": OPTIONS} | changes)))
    return path


def measured(**changes: Any) -> dict[str, Any]:
    return {"measured": MEASURED | {"finished": "2024-01-01T00:05:20Z"} | changes}


def cost(runs: Path, track: Track = TRACK, machine: Machine = MACHINE) -> Expected | None:
    return expected(MODEL, track, runs, machine)


def test_a_run_like_the_earlier_one_costs_what_it_cost(tmp_path: Path) -> None:
    write(tmp_path, **measured())
    found = cost(tmp_path)
    assert found is not None
    assert (found.runs, found.memory_bytes) == (1, 1_000_000_000)
    assert found.device_hours == pytest.approx(280 / 3600)
    assert found.seconds == pytest.approx(280 + 4 * 20 + 20)  # this track evaluates four times


def test_a_run_that_was_started_over_tells_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, **measured())
    path.parent.rename(path.parent.with_name("seed-0.2026-11-30T0915"))
    assert cost(tmp_path) is None


def test_another_budget_scales_training_and_evaluations_and_keeps_the_end(tmp_path: Path) -> None:
    write(tmp_path, track="shapes-smoke~iterations=400", **measured())
    found = cost(tmp_path, TRACK.derived(Budget(iterations=1000)))
    assert found is not None
    assert found.seconds == pytest.approx(700 + 10 * 20 + 20)


def test_a_budget_of_clips_uses_the_clips_per_iteration_of_the_record(tmp_path: Path) -> None:
    write(tmp_path, **measured())
    found = cost(tmp_path, TRACK.derived(Budget(clips=800)))  # 3,200 clips in 400 iterations
    assert found is not None
    assert found.device_hours == pytest.approx(100 * 0.7 / 3600)


def test_the_end_is_that_of_the_run_which_found_the_anchors_in_the_cache(tmp_path: Path) -> None:
    write(tmp_path, 0, **measured(finished="2024-01-01T00:08:20Z"))
    write(tmp_path, 1, **measured())
    found = cost(tmp_path)
    assert found is not None
    assert (found.runs, found.seconds) == (2, pytest.approx(280 + 80 + 20))


def test_a_resumed_run_may_have_paused_so_its_end_is_computed_from_clips(tmp_path: Path) -> None:
    write(tmp_path, **measured(resumed=1, finished="2024-03-01T00:00:00Z"))
    found = cost(tmp_path)
    assert found is not None
    assert found.seconds == pytest.approx(280 + 80 + 4 * 256 * 20 / 128)


DECLARED = TRACK.declared
OTHER_DATA = DECLARED | {"data": {**DECLARED["data"], "name": "elsewhere"}}


def test_a_run_on_other_videos_of_the_same_shape_counts(tmp_path: Path) -> None:
    write(tmp_path, track="other", declared=OTHER_DATA, **measured())
    found = cost(tmp_path)
    assert found is not None
    assert found.device_hours == pytest.approx(280 / 3600)


@pytest.mark.parametrize(
    "changes",
    [
        {"options": OPTIONS | {"backbone.batch": (99, "track")}},
        {"declared": DECLARED | {"clip": {**DECLARED["clip"], "size": 32}}},
        {"declared": DECLARED | {"instrument": {"name": "c3d-other"}}},
        {"declared": DECLARED | {"evaluation": {**DECLARED["evaluation"], "protocol": "c3d-other"}}},
        {"diverged": True},
        {"environment": {"torch": "2.6.0", "threads": 1, "device": "cpu", "world": 1}},
        {"environment": {"torch": "2.6.0", "threads": 2, "device": "cuda", "world": 1}},
        {"environment": {"torch": "2.6.0", "threads": 2, "device": "cpu", "world": 4}},
        measured(hardware="Other CPU"),
        measured(evaluate_seconds=0.0),
    ],
)
def test_a_run_that_differs_says_nothing(tmp_path: Path, changes: dict[str, Any]) -> None:
    write(tmp_path, **(measured() | changes))
    assert cost(tmp_path) is None


def test_a_damaged_record_and_a_missing_folder_say_nothing(tmp_path: Path) -> None:
    assert cost(tmp_path / "nowhere") is None
    write(tmp_path).write_text("{")
    assert cost(tmp_path) is None


@pytest.mark.parametrize("started", ["yesterday", "2024-01-01T00:00:00", "2024-01-01T00:04:00Z"])
def test_without_a_sensible_time_of_its_start_the_end_is_computed_from_clips(tmp_path: Path, started: str) -> None:
    write(tmp_path, **measured(started=started))
    found = cost(tmp_path)
    assert found is not None
    assert found.seconds == pytest.approx(280 + 80 + 4 * 256 * 20 / 128)
