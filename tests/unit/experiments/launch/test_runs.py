"""The tasks of runs, their command lines, and where the runs stand."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
from pathlib import Path

import pytest

from tests.kit.record_files import record
from tests.kit.suite_files import ablation_of
from vidgen_bench.config.budget import parse_budget
from vidgen_bench.experiments.ablate.launched import runs_of
from vidgen_bench.experiments.ablate.running import make_plans
from vidgen_bench.experiments.evaluate.request import EvaluationRequest
from vidgen_bench.experiments.launch.carrying import split_finished
from vidgen_bench.experiments.launch.commands import evaluate_arguments, run_arguments
from vidgen_bench.experiments.launch.evaluations import evaluation_tasks, records_in
from vidgen_bench.experiments.launch.runs import Run, tasks_of
from vidgen_bench.experiments.launch.standing import Standings
from vidgen_bench.experiments.run.changed_code import ChangedCodeError
from vidgen_bench.experiments.run.plan import Request, WhereChanged
from vidgen_bench.experiments.run.standing import counted
from vidgen_bench.experiments.run.status import Status
from vidgen_bench.host.host import Host
from vidgen_bench.measure.resolved_track import VideoLocation
from vidgen_bench.records.record import write_record


@pytest.fixture(scope="module")
def host() -> Host:
    return Host.of_environment()


@pytest.fixture
def runs(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Two seeds of one model, in a folder given by a relative path."""
    monkeypatch.chdir(tmp_path)
    ablation = ablation_of("tgan x ode1", host, seeds=(0, 1), runs=Path("runs"), device="cpu")
    return runs_of(ablation, make_plans(ablation, host))


def test_every_setting_of_a_run_is_spelt_out_with_whole_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    request = Request(
        "tgan+ode1",
        track="own.toml",
        given={"temporal.hidden": [1, 2], "backbone.wide": True, "temporal.width": None},
        budget=parse_budget("device-hours=0.123456789,iterations=3"),
        precision="bf16",
        videos=Path("videos"),
        splits=Path("/lists"),
        allow_missing=2,
        workers=3,
        runs=Path("runs"),
        device="cpu",
    )
    assert run_arguments(request, 7, 4) == (
        "run",
        "tgan+ode1",
        f"--track={tmp_path}/own.toml",
        "--set=temporal.hidden=1,2",
        "--set=backbone.wide=true",
        "--set=temporal.width=none",
        "--budget=iterations=3,device-hours=0.123456789",
        "--precision=bf16",
        "--seed=7",
        f"--runs={tmp_path}/runs",
        f"--data={tmp_path}/videos",
        "--splits=/lists",
        "--allow-missing=2",
        "--workers=3",
        "--device=cpu",
        "--threads=4",
    )


@pytest.mark.parametrize(
    ("where_changed", "words"), [("refuse", []), ("start over", ["--again"]), ("accept", ["--accept-changed-code"])]
)
def test_a_job_is_told_what_to_do_where_the_code_has_changed(where_changed: WhereChanged, words: list[str]) -> None:
    arguments = run_arguments(Request("tgan+ode1", where_changed=where_changed), 0, 1)
    assert [word for word in arguments if word in ("--again", "--accept-changed-code")] == words


@pytest.mark.parametrize(("where_changed", "finished"), [("start over", False), ("accept", True), ("refuse", None)])
def test_a_run_of_other_code_is_finished_only_if_that_is_accepted(
    runs: list[Run], where_changed: WhereChanged, finished: bool | None
) -> None:
    """A launcher would otherwise take the earlier record for the one of a job that failed."""
    plan = runs[0].plan
    run = dataclasses.replace(
        runs[0], plan=dataclasses.replace(plan, request=dataclasses.replace(plan.request, where_changed=where_changed))
    )
    run.folder.path.mkdir(parents=True)
    request = {**plan.identity(0, "data"), "environment": plan.environment("cpu", 1, 1)}
    run.folder.claim(request, {"code": {**plan.code.packages, "vidgen_temporal.ode": "0123456789abcdef"}})
    write_record(run.folder.record_path, record("tgan+ode1"))
    (task,) = (task for task in tasks_of([run]) if task.needs)
    assert task.is_finished() is bool(finished)
    if finished is None:
        with pytest.raises(ChangedCodeError):
            run.is_finished()
        (result,), left = split_finished([run])
        assert (left, "has changed" in str(result.failure)) == ([], True)
    else:
        assert run.is_finished() is finished


def test_an_evaluation_is_spelt_out_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    request = EvaluationRequest(
        Path("-clips.npy"), track="tiny", samples=3, resize=True, value_range="-1,1", videos=VideoLocation(Path("v"))
    )
    assert evaluate_arguments(request, ["mine.toml", "c3d-native"], 1) == (
        "evaluate",
        "--track=tiny",
        "--samples=3",
        "--range=-1,1",
        f"--protocol={tmp_path}/mine.toml",
        "--protocol=c3d-native",
        "--resize",
        f"--data={tmp_path}/v",
        f"--runs={tmp_path}/runs",
        "--device=auto",
        "--threads=1",
        "--",
        f"{tmp_path}/-clips.npy",
    )
    one, other = evaluation_tasks([request, EvaluationRequest(Path("b"))], (), None)
    assert one.key != other.key
    assert one.job.log.parent == tmp_path / "runs" / "evaluate"
    one.job.log.parent.mkdir(parents=True)
    one.job.log.write_text("record   old.json\nrecord   new.json\nrecord   new.json\n")
    assert records_in(one.job.log, len("record   old.json\n")) == ["new.json"]


def test_one_task_prepares_and_each_run_comes_after_it(runs: list[Run], tmp_path: Path) -> None:
    first, *others = tasks_of(runs)
    assert first.job.arguments[:3] == ("reference", "build", "--track=shapes-smoke")
    assert (first.needs, first.fatal) == (None, True)
    assert [task.needs for task in others] == [first.key] * 2
    assert [task.job.name for task in others] == ["tgan+ode1 seed 0", "tgan+ode1 seed 1"]
    assert len({task.key for task in (first, *others)}) == 3
    assert all(task.job.log.is_absolute() and len(task.key) <= 64 for task in (first, *others))
    assert others[0].job.log == tmp_path / "runs/shapes-smoke/tgan+ode1/seed-0/log.txt"
    assert [(task.job.cpus, task.job.gpus) for task in others] == [(1, 0), (1, 0)]
    assert tasks_of([]) == []


def test_a_run_that_began_keeps_its_number_of_threads(runs: list[Run]) -> None:
    folder = runs[1].folder.path
    folder.mkdir(parents=True)
    identity = runs[1].plan.identity(1, "data") | {"environment": {"threads": 3}}
    (folder / "request.json").write_text(json.dumps(identity))
    _, one, other = tasks_of(runs)
    assert (one.job.cpus, other.job.cpus) == (1, 3)
    assert other.job.arguments[-1] == "--threads=3"


def finish(run: Run, **changes: object) -> None:
    """Write the files of a finished run."""
    folder = run.folder.path
    folder.mkdir(parents=True, exist_ok=True)
    write_record(run.folder.record_path, record("tgan+ode1", run.seed))
    identity = run.plan.identity(run.seed, "data") | {"environment": {"threads": 1}} | changes
    (folder / "request.json").write_text(json.dumps(identity))


def test_finished_runs_need_no_process_and_a_folder_of_another_run_fails(runs: list[Run]) -> None:
    finish(runs[0])
    results, left = split_finished(runs)
    assert [(result.run, result.already) for result in results] == [(runs[0], True)]
    assert results[0].record is not None
    assert left == [runs[1]]
    finish(runs[1], track="v1:other")
    results, left = split_finished(runs)
    assert left == []
    assert "belongs to another run: its track" in (results[1].failure or "")


def test_where_runs_stand_is_read_from_their_files(runs: list[Run]) -> None:
    standings = Standings(runs)
    assert [one.state for one in standings.read()] == ["waiting", "waiting"]
    finish(runs[0])
    folder = runs[1].folder.path
    folder.mkdir(parents=True)
    now = datetime.datetime.now(datetime.UTC)
    status = Status(
        state="training", iteration=40, share=0.4, scores={"fid": 9.5}, host="node7", device="cuda:0 H100", job="slurm 17_3",
        attempt=2, started=now, heartbeat=now - datetime.timedelta(seconds=30),
    )  # fmt: skip
    (folder / "status.json").write_text(status.model_dump_json())
    done, training = standings.read()
    assert (done.state, done.share, done.scores) == ("done", 1.0, {"fid": pytest.approx(done.scores["fid"])})
    assert (training.state, training.iteration, training.share) == ("training", 40, 0.4)
    assert (training.host, training.device, training.job, training.attempt) == ("node7", "cuda:0 H100", "slurm 17_3", 2)
    assert training.age == pytest.approx(30, abs=20)
    assert counted([done, training]) == "2 runs: 1 done, 1 training"
    assert done.ended
    assert not training.ended
    old = status.model_copy(update={"heartbeat": now - datetime.timedelta(minutes=10)})
    (folder / "status.json").write_text(old.model_dump_json())
    assert standings.read()[1].state == "silent"
    stopped = status.model_copy(update={"state": "stopped", "message": "Stopped by SIGTERM."})
    (folder / "status.json").write_text(stopped.model_dump_json())
    last = standings.read()[1]
    assert (last.state, last.age, last.message) == ("stopped", None, "Stopped by SIGTERM.")


def test_a_folder_that_cannot_be_read_is_damaged(runs: list[Run], tmp_path: Path) -> None:
    folder = runs[0].folder.path
    folder.parent.mkdir(parents=True)
    folder.symlink_to(tmp_path)
    found = Standings(runs).read()
    assert found[0].state == "damaged"
    assert "folder" in found[0].message
    assert found[1].state == "waiting"


def test_a_folder_of_runs_may_have_a_name_that_is_not_utf8(host: Host, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(bytes(tmp_path) + b"/\xff"))
    ablation = ablation_of("tgan x ode1", host, runs=folder, device="cpu")
    runs = runs_of(ablation, make_plans(ablation, host))
    assert len({task.key for task in tasks_of(runs)}) == 2
    assert [standing.state for standing in Standings(runs).read()] == ["waiting"]
