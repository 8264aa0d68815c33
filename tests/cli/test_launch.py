"""``--on``, ``--jobs``, ``--watch``, ``--detach`` and ``--cancel``: what is refused, and real processes on a tiny track."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.kit.command import Command
from tests.kit.fake_launcher import FakeLauncher
from tests.kit.forked import Started
from tests.kit.launched_runs import process_of
from tests.kit.plugin_files import install
from tests.kit.record_text import without_measured
from tests.kit.suite_files import ablation_of
from tests.kit.workplace import Workplace, make_workplace
from vidgen_bench.cli.launching import perform
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.experiments.ablate.launched import runs_of
from vidgen_bench.experiments.ablate.running import make_plans
from vidgen_bench.experiments.run.status import read_status
from vidgen_bench.host.host import Host

GRID = ["ablate", "tgan", "x", "ode1,sde", "--budget", "iterations=2"]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    return Command(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--runs", "taken", "--jobs", "2", "--seeds", "0-1"], "--runs taken is a file; expected a folder"),
        (["--runs", "taken"], "--runs taken is a file; expected a folder"),
        (["--on", "slurmy"], "There is no launcher named 'slurmy'."),
        (["--on", "local", "--set", "launcher.job=2"], "launcher has no option 'job'. Did you mean 'jobs'?"),
        (["--set", "launcher.jobs=2"], "--set launcher.jobs is an option of a launcher; add --on"),
        (["--jobs", "2", "--on", "ray"], "--jobs is short for --on local"),
        (["--detach"], "--detach leaves its jobs behind; add --on"),
        (["--cancel"], "--cancel ends jobs of an earlier command; add --on"),
        (
            ["--on", "local", "--detach"],
            "the jobs of the launcher 'local' end with the command that started them; leave it out",
        ),
        (["--jobs", "2", "--cancel"], "end that command with Ctrl-C"),
        (["--watch", "--dry-run"], "--dry-run and --watch exclude each other"),
        (["--on", "local", "--device", "cuda:0"], "a launcher chooses the GPU of each job; write --device cuda"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.parametrize("first", [["ablate", "tgan x ode1"], ["run", "tgan+ode1"]], ids=["ablate", "run"])
def test_what_is_refused_before_any_work(command: Command, first: list[str], arguments: list[str], words: str) -> None:
    (command.folder / "taken").touch()
    done = command(*first, *arguments)
    assert done.code == 2, done.err
    assert words in done.err
    assert not list(command.folder.rglob("log.txt"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "temporal.hidden=3"], "--set temporal.hidden=3: expected launcher.OPTION=VALUE"),
        (["--name", "x"], "--name is the name of one thing in tables; leave it out for 2"),
        (["--on", "local", "--json"], "--json prints what this process scores; leave it out with --on"),
        (["--detach"], "add --on and the name of a launcher"),
    ],
)
def test_what_evaluate_refuses(command: Command, arguments: list[str], words: str) -> None:
    done = command("evaluate", "a.npy", "b.npy", *arguments)
    assert done.code == 2, done.err
    assert words in done.err


def test_several_evaluations_are_all_tried_and_one_has_the_code_of_its_error(command: Command) -> None:
    done = command("evaluate", "a.npy", "b.npy")
    assert done.code == 1, done.err
    assert "2 of 2 evaluations failed:" in done.err
    assert "There is no file or folder a.npy" in done.err
    assert "There is no file or folder b.npy" in done.err
    assert command("evaluate", "a.npy").code == 2


def test_a_dry_run_counts_the_jobs(command: Command) -> None:
    done = command("ablate", "tgan x ode1,ode2", "--seeds", "0-2", "--on", "local", "--dry-run")
    assert done.code == 0, done.err
    assert "on local: 7 jobs, of which 1 prepares what the runs share" in done.out
    done = command("run", "tgan+ode1", "--jobs", "2", "--seeds", "0-2", "--dry-run")
    assert "on local: 4 jobs" in done.out


def test_watch_reads_and_changes_nothing(command: Command) -> None:
    folder = command.folder / "runs" / "shapes-smoke" / "tgan+ode1" / "seed-1"
    folder.mkdir(parents=True)
    moment = "2026-01-02T03:04:05Z"
    status = {
        "state": "training", "iteration": 100, "share": 0.4, "scores": {"fid": 321.5}, "host": "node7", "attempt": 2,
        "started": moment, "heartbeat": moment,
    }  # fmt: skip
    (folder / "status.json").write_text(json.dumps(status))
    for first in (["ablate", "tgan x ode1"], ["run", "tgan+ode1"]):
        done = command(*first, "--seeds", "0-1", "--watch")
        assert done.code == 0, done.err
        rows = [line.split() for line in done.out.splitlines() if "seed" in line]
        assert rows[0][:5] == ["1", "tgan+ode1", "seed", "0", "waiting"]
        assert rows[1][:10] == ["2", "tgan+ode1", "seed", "1", "silent", "40%", "100", "FID", "321.5", "node7"]
        assert "2 runs: 1 waiting, 1 silent." in done.out
    assert [path.name for path in command.folder.rglob("*") if path.is_file()] == ["status.json"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    return make_workplace(tmp_path_factory.mktemp("launch"))


@pytest.fixture
def here(place: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Calls the command line in the workplace's folder, with a launcher whose jobs outlive it."""
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    site = place.root / "site"
    if not site.exists():
        source = (Path(__file__).parents[1] / "kit" / "honest" / "detached.py").read_text()
        install(site, "others", detached=source)
    monkeypatch.syspath_prepend(str(site))
    return Command(place.root, monkeypatch, capsys)


def records(place: Workplace, runs: str) -> dict[str, str]:
    return {
        str(p.parent.relative_to(place.root / runs)): without_measured(p.read_text())
        for p in sorted((place.root / runs).rglob("seed-*/record.json"))
    }


@pytest.mark.slow
def test_detached_runs_go_on_and_the_same_command_collects_them(here: Command, place: Workplace) -> None:
    arguments = [*GRID, *place.data_arguments, "--runs", "left", "--on", "detached"]
    left = here(*arguments, "--detach")
    assert left.code == 0, left.err
    assert "3 jobs submitted to detached. The same command shows where they are and goes on." in left.out
    assert "2 runs: 2 waiting." in left.out
    again = here(*arguments, "--detach")
    assert "0 jobs submitted to detached; " in again.out
    done = here(*arguments)
    assert done.code == 0, done.err
    assert len(records(place, "left")) == 2
    alone = here(*GRID, *place.data_arguments, "--runs", "alone")
    assert alone.code == 0, alone.err
    assert records(place, "left") == records(place, "alone")
    nothing = here(*arguments, "--cancel")
    assert "0 jobs ended in detached." in nothing.out


@pytest.mark.slow
def test_cancel_ends_the_runs_of_an_earlier_command(here: Command, place: Workplace) -> None:
    arguments = ["run", "tgan+ode1", *place.data_arguments, "--budget", "iterations=100000", "--on", "detached"]
    arguments += ["--seeds", "0-1", "--runs", "cancelled"]
    assert here(*arguments, "--detach").code == 0
    done = here(*arguments, "--cancel")
    assert done.code == 0, done.err
    assert "3 jobs ended in detached." in done.out
    assert here(*arguments, "--cancel").out.startswith("0 jobs ended")
    shutil.rmtree(place.root / "cancelled")


@pytest.mark.slow
def test_run_and_evaluate_through_local(here: Command, place: Workplace) -> None:
    arguments = ["run", "tgan+ode1", *place.data_arguments, "--budget", "iterations=2", "--seeds", "0-1"]
    done = here(*arguments, "--jobs", "2", "--runs", "seeds")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert sum(line.startswith(("[1] done: FID", "[2] done: FID")) for line in lines) == 2
    again = here(*arguments, "--jobs", "2", "--runs", "seeds")
    assert again.out.count("already done: FID") == 2
    folders = sorted((place.root / "seeds").rglob("seed-*"))
    data = ["--data", "data/videos", "--splits", "data/splits", "--device", "cpu"]
    scored = here("evaluate", *folders, *data, "--samples", "3", "--on", "local", "--set", "launcher.jobs=2")
    assert scored.code == 0, scored.err
    assert sum(line.startswith("record   ") for line in scored.out.splitlines()) == 2
    assert len(list((place.root / "seeds").rglob("evaluations/*/record.json"))) == 2
    between = here("evaluate", folders[0], place.root / "absent", folders[1], *data, "--samples", "2", "--json")
    assert between.code == 1
    assert "1 of 3 evaluations failed:" in between.err
    assert len(json.loads(between.out)) == 2
    wrong = here("evaluate", folders[0], place.root / "absent", *data, "--samples", "3", "--on", "local")
    assert wrong.code == 1
    assert "1 of 2 evaluations failed:" in wrong.err
    assert "absent" in wrong.err


@pytest.mark.slow
def test_missing_videos_end_the_suite_in_the_words_of_the_job_that_prepares(here: Command, place: Workplace) -> None:
    shutil.copytree(place.root / "data", place.root / "gaps")
    videos = sorted((place.root / "gaps" / "videos").rglob("*.*"))
    videos[0].unlink()
    arguments = ["--track", "tiny.toml", "--data", "gaps/videos", "--splits", "gaps/splits", "--device", "cpu"]
    done = here(*GRID, *arguments, "--runs", "none", "--jobs", "2")
    assert done.code == 2, done.err
    assert videos[0].name in done.err
    assert not list((place.root / "none").rglob("record.json"))


def kill_one(place: Workplace, runs: str) -> int:
    """Wait until a run of a folder of runs has evaluated once, and kill its process."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        for path in (place.root / runs).rglob("status.json"):
            if (pid := process_of(path.parent)) is not None:
                os.kill(pid, signal.SIGKILL)
                return pid
        time.sleep(0.05)
    raise AssertionError("no run trains")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the end of a parent is a signal there")
def test_a_killed_run_and_a_killed_command_cost_nothing(here: Command, place: Workplace) -> None:
    arguments = ["run", "tgan+ode1", *place.data_arguments, "--budget", "iterations=20", "--seeds", "0-1"]
    launched = [*arguments, "--runs", "killed", "--jobs", "2"]
    with Started(launched, place.root, place.environment()) as started:
        first = kill_one(place, "killed")
        started.wait_for("its process was ended by SIGKILL; starting it again")
        started.send_signal(signal.SIGKILL)
    statuses = [read_status(path.parent) for path in (place.root / "killed").rglob("status.json")]
    for status in statuses:  # SIGTERM reached the children, which save their runs and end
        assert status is not None
        until = time.monotonic() + 60
        while status.pid != first and is_alive(status.pid) and time.monotonic() < until:
            time.sleep(0.05)
    done = here(*launched)
    assert done.code == 0, done.err
    alone = here(*arguments, "--runs", "unharmed")
    assert alone.code == 0, alone.err
    assert len(records(place, "killed")) == 2
    assert records(place, "killed") == records(place, "unharmed")


def is_alive(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_run_that_cannot_be_submitted_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host = Host.of_environment()
    ablation = ablation_of("tgan x ode1", host, seeds=(0, 1), runs=tmp_path, device="cpu")
    runs = runs_of(ablation, make_plans(ablation, host))
    runs[0].folder.path.mkdir(parents=True)
    (runs[0].folder.path / "log.txt").symlink_to(tmp_path)
    launcher = FakeLauncher(outlives=True)
    for mode, words in (("detach", "2 jobs submitted to fake"), ("dry_run", "on fake: 2 jobs")):
        with pytest.raises(VidgenBenchError, match=r"1 run cannot be started:\n  tgan\+ode1 seed 0: .*symbolic link"):
            perform(mode, runs, launcher.chosen)
        assert words in capsys.readouterr().out
    assert [len(call.names) for call in launcher.calls] == [2]
