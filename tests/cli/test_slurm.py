"""``--on slurm`` with a real Slurm: arrays, preemption, time limits, killed steps, and drivers that come and go.

Every run is frozen at a known moment before something happens to it, and its record is compared with that of an uninterrupted run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kit.forked import Started
from tests.kit.launched_runs import (
    SHORT,
    attempts,
    comparable,
    end_processes,
    freeze,
    jobs_running,
    process_of,
    thaw,
    wait_until,
)
from tests.kit.slurm import Slurm, one_node_slurm, require_slurm
from tests.kit.workplace import Workplace, make_workplace

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="Slurm runs on Linux")]

ON = ["--on", "slurm", "--set", "launcher.interval=0.3"]


@dataclass(frozen=True)
class Cluster:
    """A Slurm, a workplace with a warm cache, and the folder of runs that nothing interrupted."""

    slurm: Slurm
    place: Workplace
    whole: Path

    def words(self, runs: str, seeds: str, *more: str) -> list[str]:
        """Return the command that trains some seeds on Slurm."""
        return [
            "run",
            "tgan+conv1d",
            *self.place.data_arguments,
            "--threads",
            "1",
            "--seeds",
            seeds,
            "--runs",
            runs,
            *ON,
            *more,
        ]

    def call(self, runs: str, seeds: str, *more: str) -> subprocess.CompletedProcess[str]:
        return self.place.call(*self.words(runs, seeds, *more), **self.slurm.environment)

    def started(self, runs: str, seeds: str, *more: str) -> Started:
        environment = self.place.environment(**self.slurm.environment)
        return Started(self.words(runs, seeds, *more), self.place.root, environment)

    def folder(self, runs: str, seed: int) -> Path:
        return self.place.root / runs / "tiny" / "tgan+conv1d" / f"seed-{seed}"

    def same_as_whole(self, runs: str, seed: int) -> bool:
        """Return whether a run has the record of the uninterrupted one."""
        return comparable(self.folder(runs, seed)) == comparable(self.whole / "tiny" / "tgan+conv1d" / f"seed-{seed}")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    require_slurm()
    place = make_workplace(tmp_path_factory.mktemp("workplace"))
    (place.root / "tiny.toml").write_text(SHORT)
    done = place.run("tgan+conv1d", "--threads", "1", "--seeds", "0-1", "--runs", "whole")
    assert done.returncode == 0, done.stderr
    with one_node_slurm(tmp_path_factory.mktemp("slurm")) as slurm:
        yield Cluster(slurm, place, place.root / "whole")


@pytest.fixture(autouse=True)
def _nothing_left(cluster: Cluster) -> Iterator[None]:
    """End what a failed test leaves, which would be in the way of the others."""
    yield
    end_processes(cluster.place.root)
    cluster.slurm.end_all()


def test_runs_survive_preemption_and_the_death_of_their_driver(cluster: Cluster) -> None:
    slurm = cluster.slurm
    assert "accounting_storage/none" in slurm.call("scontrol", "show", "config")
    with cluster.started("preempted", "0-1") as driver:
        for seed in range(2):
            freeze(cluster.folder("preempted", seed))
        driver.send_signal(signal.SIGKILL)
    submitted = {
        name for name in slurm.tasks() if name.endswith("_1")
    }  # the array of both runs; what prepares has one task
    whole = f"--cpus-per-task={slurm.cpus}"
    slurm.call("sbatch", "--partition=high", whole, "--output=/dev/null", "--wrap", "sleep 1")
    # Slurm sends SIGCONT before SIGTERM, so that frozen processes save and end
    wait_until(lambda: [attempts(cluster.folder("preempted", seed)) for seed in range(2)] == [[143], [143]])
    wait_until(
        lambda: [task["restarts"] for task in slurm.tasks().values() if task["state"] == "PENDING"] == ["1", "1"]
    )
    with cluster.started("preempted", "0-1") as driver:
        wait_until(lambda: all_recorded(cluster, "preempted", 2), meanwhile=slurm.hurry)
        done = driver.end(60)
    assert done.returncode == 0, done.stderr
    assert {name for name in slurm.tasks() if name.endswith("_1")} == submitted  # found, not submitted again
    for seed in range(2):
        assert attempts(cluster.folder("preempted", seed)) == [143, 0]
        assert cluster.same_as_whole("preempted", seed)


def all_recorded(cluster: Cluster, runs: str, count: int) -> bool:
    return all((cluster.folder(runs, seed) / "record.json").exists() for seed in range(count))


def test_killed_jobs_killed_processes_and_signals_during_imports_harm_one_run_each(cluster: Cluster) -> None:
    slurm, runs = cluster.slurm, cluster.place.root / "killed"
    with cluster.started("killed", "0-1") as driver:
        both = wait_until(lambda: len(found := jobs_running(runs)) == 2 and found)
        number = {own["SLURM_ARRAY_TASK_ID"]: _number(own) for own in both.values()}
        slurm.call("scancel", "--signal=TERM", number["1"])
        assert not (cluster.folder("killed", 1) / "request.json").exists(), "it was training already"
        freeze(cluster.folder("killed", 0))
        slurm.call("scancel", "--signal=KILL", number["0"])  # Slurm ends the whole job, SIGTERM first
        os.kill(wait_until(lambda: process_of(cluster.folder("killed", 1)), meanwhile=slurm.hurry), signal.SIGKILL)
        wait_until(lambda: all_recorded(cluster, "killed", 2), meanwhile=slurm.hurry)
        done = driver.end(60)
    assert done.returncode == 0, done.stderr
    assert "stopped by SIGTERM and is saved; starting it again" in done.stdout + done.stderr
    assert "ended by SIGKILL; starting it again" in done.stdout + done.stderr
    assert attempts(cluster.folder("killed", 0)) == [143, 0]
    assert attempts(cluster.folder("killed", 1)) == [None, 0]
    log = (cluster.folder("killed", 1) / "log.txt").read_text()
    assert "Traceback" not in log
    assert "start 2" in log
    assert all(cluster.same_as_whole("killed", seed) for seed in range(2))


def _number(environment: dict[str, str]) -> str:
    return f"{environment['SLURM_ARRAY_JOB_ID']}_{environment['SLURM_ARRAY_TASK_ID']}"


def test_a_time_limit_continues_the_run_in_a_new_job(cluster: Cluster) -> None:
    slurm, folder = cluster.slurm, cluster.folder("limited", 0)
    done = cluster.call("limited", "0", "--set", "launcher.minutes=1", "--detach")
    assert done.returncode == 0, done.stderr
    # Slurm looks at time limits every 30 seconds; a busy machine may need more than one minute to the first evaluation
    thaw(freeze(folder, 200, slurm.hurry), signal.SIGTERM)
    wait_until(lambda: attempts(folder)[-1:] == [143])
    wait_until((folder / "record.json").exists, meanwhile=slurm.hurry)
    assert attempts(folder)[0] == 143
    assert cluster.same_as_whole("limited", 0)


def test_cancel_saves_what_runs_and_starts_nothing_again(cluster: Cluster) -> None:
    slurm, folder = cluster.slurm, cluster.folder("cancelled", 0)
    limits = ("--set", "launcher.gpus=1", "--set", "launcher.parallel=1", "--detach")
    assert cluster.call("cancelled", "0-1", *limits).returncode == 0
    before = {name: task for name, task in slurm.tasks().items() if task["state"] in ("RUNNING", "PENDING")}
    pid = freeze(folder)
    (environment,) = jobs_running(cluster.place.root / "cancelled").values()
    assert environment["CUDA_VISIBLE_DEVICES"] == "0"
    with cluster.started("cancelled", "0-1", "--cancel") as cancelling:
        thaw(pid, signal.SIGTERM)
        done = cancelling.end(90)
    assert done.returncode == 0, done.stderr
    assert "2 jobs ended in slurm" in done.stdout + done.stderr
    assert attempts(folder) == [143]
    assert not cluster.folder("cancelled", 1).joinpath("log.txt").exists()
    after = [task["state"] for name, task in slurm.tasks().items() if name in before]
    assert sorted(state for state in after if state != "COMPLETED") == [
        "CANCELLED",
        "FAILED",
    ]  # the first has prepared the videos
