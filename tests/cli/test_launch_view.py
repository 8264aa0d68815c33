"""What a command prints of the runs of a launcher, from their files, and the table of ``--watch``."""

from __future__ import annotations

import datetime
import io
from pathlib import Path

import pytest
from rich.console import Console

from tests.kit.clock import Clock
from tests.kit.fake_launcher import task
from tests.kit.suite_files import ablation_of
from vidgen_bench.cli import launch_view
from vidgen_bench.cli.launch_view import LaunchView
from vidgen_bench.cli.watch_view import table
from vidgen_bench.experiments.ablate.launched import runs_of
from vidgen_bench.experiments.ablate.running import make_plans
from vidgen_bench.experiments.launch.runs import Run, tasks_of
from vidgen_bench.experiments.run.standing import Standing
from vidgen_bench.experiments.run.status import Status
from vidgen_bench.host.host import Host


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(launch_view, "time", made)
    return made


@pytest.fixture
def runs(tmp_path: Path) -> list[Run]:
    host = Host.of_environment()
    ablation = ablation_of("tgan x ode1", host, seeds=(0, 1), runs=tmp_path, device="cpu")
    return runs_of(ablation, make_plans(ablation, host))


def write_status(run: Run, iteration: int, **scores: float) -> None:
    moment = datetime.datetime.now(datetime.UTC)
    status = Status(
        state="training", iteration=iteration, share=iteration / 100, scores=scores, started=moment, heartbeat=moment
    )
    run.folder.path.mkdir(parents=True, exist_ok=True)
    (run.folder.path / "status.json").write_text(status.model_dump_json())


def test_without_a_terminal_a_line_comes_with_new_scores_and_now_and_then(clock: Clock, runs: list[Run]) -> None:
    file = io.StringIO()
    prepare, _, second = tasks_of(runs)
    with LaunchView(Console(file=file, width=200), runs) as view:
        view.started(prepare, "node1")
        prepare.job.log.parent.mkdir(parents=True)
        prepare.job.log.write_text("decoding: 3 of 72\n")
        clock.now += 11
        view.looked()
        view.ended(prepare)
        view.started(second, "")
        for iteration, scores in ((10, {}), (20, {"fid": 9.5}), (25, {"fid": 9.5}), (30, {"fid": 8.0})):
            clock.now += 3
            write_status(runs[1], iteration, **scores)
            view.looked()
        clock.now += 11
        view.looked()
        clock.now += 1
        write_status(runs[1], 90, fid=1.0)
        view.looked()  # too soon after the last look
        view.again(second, "its machine is gone; starting it again")
        view.again(prepare, "its machine is gone; starting it again")
        view.ended(second)
    assert file.getvalue().splitlines() == [
        "prepare shapes for shapes-smoke  on node1",
        "prepare shapes for shapes-smoke: decoding: 3 of 72",
        "[2/2] tgan+ode1 seed 1",
        "[2] 20%  training  iteration 20  FID 9.5",
        "[2] 30%  training  iteration 30  FID 8",
        "[2] 30%  training  iteration 30  FID 8",
        "[2] its machine is gone; starting it again",
        "prepare shapes for shapes-smoke: its machine is gone; starting it again",
    ]


def test_on_a_terminal_each_run_has_a_bar(clock: Clock, runs: list[Run]) -> None:
    file = io.StringIO()
    console = Console(file=file, width=160, force_terminal=True, color_system=None)
    _, first, second = tasks_of(runs)
    with LaunchView(console, runs) as view:
        for one in (first, second, first):  # a run may start again
            view.started(one, "node1")
        write_status(runs[0], 40)
        clock.now += 3
        view.looked()
        view._bars.refresh()
    shown = file.getvalue()
    assert "[1] tgan+ode1 seed 0" in shown
    assert "40%" in shown
    assert "training  iteration 40" in shown


def test_the_table_of_watch() -> None:
    file = io.StringIO()
    found = [
        Standing("tgan+ode1 seed 0", "done", 250, 1.0, {"fid": 254.5}, "node1", "cuda:0 H100", "", 1),
        Standing(
            "tgan+ode1 seed 1", "training", 1200, 0.4, {}, "node7", "cpu", "slurm 17_3", 2, 4.2, "attempt 1: killed"
        ),
        Standing("tgan+sde seed 0", "waiting"),
    ]
    Console(file=file, width=140).print(table(found))
    lines = [line.split() for line in file.getvalue().splitlines() if line.strip()]
    assert lines[0] == ["3", "runs:", "1", "done,", "1", "training,", "1", "waiting."]
    assert lines[1] == ["#", "run", "state", "done", "iteration", "last", "scores", "where", "attempt", "heard"]
    assert lines[3] == [
        "1",
        "tgan+ode1",
        "seed",
        "0",
        "done",
        "100%",
        "250",
        "FID",
        "254.5",
        "node1",
        "cuda:0",
        "H100",
        "1",
    ]
    assert lines[4] == [
        *(
            "2",
            "tgan+ode1",
            "seed",
            "1",
            "training",
            "40%",
            "1,200",
            "node7",
            "cpu",
            "slurm",
            "17_3",
            "2",
            "4.2",
            "s",
            "ago",
        )
    ]
    assert lines[5] == ["attempt", "1:", "killed"]
    assert lines[6] == ["3", "tgan+sde", "seed", "0", "waiting"]


def test_the_table_of_watch_begins_with_the_runs_at_work_where_not_all_have_room() -> None:
    states = ("done", "waiting", "training", "failed", "done", "silent")
    found = [Standing(f"run-{number}", state) for number, state in enumerate(states)]  # type: ignore[arg-type]
    orders = {}
    for height in (10, 40):
        file = io.StringIO()
        Console(file=file, width=140).print(table(found, height))
        lines = file.getvalue().splitlines()
        assert lines[0] == "6 runs: 2 done, 1 waiting, 1 training, 1 failed, 1 silent."
        orders[height] = [line.split()[0] for line in lines if "run-" in line]
    assert orders == {10: ["3", "4", "6", "2", "1", "5"], 40: ["1", "2", "3", "4", "5", "6"]}


def test_the_table_of_watch_cuts_texts_that_fill_the_screen() -> None:
    file = io.StringIO()
    scores = {f"metric{number}": 1.0 for number in range(9000)}
    Console(file=file, width=140).print(
        table([Standing("tgan+ode1 seed 0", "failed", 1, 0.1, scores, message="long " * 9000)])
    )
    assert len(file.getvalue().splitlines()) < 40


def test_a_task_without_a_run_has_no_number(tmp_path: Path) -> None:
    file = io.StringIO()
    with LaunchView(Console(file=file, width=100), ()) as view:
        view.started(task(tmp_path, "evaluate clips.npy"), "node2")
    assert file.getvalue() == "evaluate clips.npy  on node2\n"
