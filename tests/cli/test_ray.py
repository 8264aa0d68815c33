"""``--on ray`` with a real Ray: GPUs that are never shared, and processes, workers, nodes and drivers that die.

Every run is frozen at a known moment before something happens to it, and its record is compared with that of an uninterrupted run.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.kit.forked import Started
from tests.kit.launched_on_ray import alive, descendants, parent_of, ray_cluster, ray_environment, require_ray
from tests.kit.launched_runs import (
    SHORT,
    attempts,
    command_of,
    comparable,
    end_processes,
    freeze,
    jobs_running,
    thaw,
    wait_until,
)
from tests.kit.workplace import Workplace, make_workplace

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A workplace with a warm cache, and runs in the folder ``whole`` that nothing interrupted."""
    require_ray()
    place = make_workplace(tmp_path_factory.mktemp("workplace"))
    (place.root / "tiny.toml").write_text(SHORT)
    done = place.run("tgan+conv1d", "--threads", "1", "--seeds", "0-3", "--runs", "whole")
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture(autouse=True)
def _nothing_left(place: Workplace) -> Iterator[None]:
    """End what a failed test leaves."""
    yield
    end_processes(place.root)


def started(place: Workplace, runs: str, seeds: str, *more: str, gpus: int = 2) -> Started:
    words = [
        "run",
        "tgan+conv1d",
        *place.data_arguments,
        "--threads",
        "1",
        "--seeds",
        seeds,
        "--runs",
        runs,
        "--on",
        "ray",
    ]
    return Started([*words, *more], place.root, place.environment(**ray_environment(gpus)))


def folder(place: Workplace, runs: str, seed: int) -> Path:
    return place.root / runs / "tiny" / "tgan+conv1d" / f"seed-{seed}"


def finished(place: Workplace, runs: str, seed: int) -> bool:
    return (folder(place, runs, seed) / "record.json").exists()


def same_as_whole(place: Workplace, runs: str, seed: int) -> bool:
    return comparable(folder(place, runs, seed)) == comparable(folder(place, "whole", seed))


@contextmanager
def devices_watched(runs: Path) -> Iterator[list[list[str]]]:
    """Yield a list that gets the devices of all jobs below a folder of runs, several times a second.

    A process whose Ray worker was killed is left out: it saves its run while the GPU goes to the next.
    """
    seen: list[list[str]] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.2):
            with suppress(OSError):  # one has ended in the meantime
                jobs = [own for pid, own in jobs_running(runs).items() if "ray::" in command_of(parent_of(pid))]
                seen.append([own.get("CUDA_VISIBLE_DEVICES", "all") for own in jobs])

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def test_processes_workers_and_drivers_die_and_no_two_runs_share_a_gpu(place: Workplace) -> None:
    runs, each = place.root / "gpus", ("--set", "launcher.gpus=1")
    with devices_watched(runs) as seen:
        with started(place, "gpus", "0-3", *each) as driver:
            os.kill(freeze(folder(place, "gpus", 0)), signal.SIGKILL)
            pid = freeze(folder(place, "gpus", 1))
            os.kill(parent_of(pid), signal.SIGKILL)  # its Ray worker
            thaw(pid, signal.SIGTERM)
            pid = freeze(folder(place, "gpus", 2))  # which began on the GPU that the first left
            wait_until(lambda: finished(place, "gpus", 1))
            daemons = descendants(driver.pid) - {pid}
            driver.send_signal(signal.SIGKILL)
            thaw(pid, signal.SIGTERM)
            wait_until(lambda: attempts(folder(place, "gpus", 2)) == [143])
            wait_until(lambda: not alive(daemons))
        with started(place, "gpus", "0-3", *each) as driver:
            done = driver.end(120)
    assert done.returncode == 0, done.stderr
    assert all(same_as_whole(place, "gpus", seed) for seed in range(4))
    assert attempts(folder(place, "gpus", 0))[0] is None
    assert attempts(folder(place, "gpus", 1)) == [143, 0]
    assert attempts(folder(place, "gpus", 2)) == [143, 0]
    assert {device for devices in seen for device in devices} == {"0", "1"}
    assert ["0", "1"] in map(sorted, seen)
    assert all(len(set(devices)) == len(devices) for devices in seen)


def test_a_node_dies_and_its_run_continues_on_another(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ray_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("RAY_OVERRIDE_RESOURCES")
    with ray_cluster() as cluster:
        first = cluster.add_node(num_cpus=1)
        with started(place, "nodes", "0", "--set", f"launcher.address={cluster.address}") as driver:
            pid = freeze(folder(place, "nodes", 0))
            cluster.add_node(num_cpus=1)
            cluster.remove_node(first, allow_graceful=False)
            thaw(pid, signal.SIGTERM)
            done = driver.end(120)
    assert done.returncode == 0, done.stderr
    assert attempts(folder(place, "nodes", 0)) in ([143, 0], [None, 0])  # Ray may kill what it finds
    assert same_as_whole(place, "nodes", 0)
