"""The launcher ray without Ray: its task as a function, its needs, and its comparison of versions."""

from __future__ import annotations

import _thread
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from vidgen_launchers.ray import Ray, RayOptions, connection, task
from vidgen_launchers.ray.resources import adjusted, needs
from vidgen_launchers.ray.versions import difference, versions

from vidgen_bench.api import Job

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")


@pytest.fixture
def values(tmp_path: Path) -> dict[str, object]:
    """A job as a task gets it."""
    job = Job("job", "run-1", ("--version",), tmp_path / "run" / "log.txt", gpus=1)
    job.log.parent.mkdir()
    return {**vars(job), "log": str(job.log)}


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Programs of a shell that a task starts one after another, instead of a job's own."""
    queue: list[str] = []

    def start(job: Job, devices: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["bash", "-c", queue.pop(0)], env=environment | {"DEVICES": ",".join(devices)})

    monkeypatch.setattr(task, "start", start)
    monkeypatch.setattr(task, "_devices", lambda: ["1"])
    monkeypatch.setattr(task, "PAUSE", 0.0)
    return queue


def test_a_task_returns_the_exit_code_of_its_process(values, programs, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "somewhere")
    programs.append(f'echo "$DEVICES $VIDGEN_X $RAY_ADDRESS" >{tmp_path}/out; exit 3')
    assert task.run_job(values, "t", versions(), {"VIDGEN_X": "y"}) == ("ended", 3, "")
    assert (tmp_path / "out").read_text() == "1 y \n"
    programs.append("kill -9 $$")
    assert task.run_job(values, "t", versions(), {}) == ("ended", 137, "")
    assert [path.name for path in (tmp_path / "run").iterdir()] == []


def test_a_task_is_skipped_after_one_that_failed_and_refused_on_a_node_with_other_versions(values, programs) -> None:
    for before in (("ended", 1, ""), ("skipped", 0, ""), ("refused", 0, "")):
        assert task.run_job(values, "t", versions(), {}, ("ended", 0, ""), before)[0] == "skipped"
    kind, _, reason = task.run_job(values, "t", versions() | {"torch": "1.0"}, {})
    assert kind == "refused"
    assert f"torch {versions()['torch']} instead of 1.0" in reason


def test_a_task_whose_process_cannot_be_started_says_why(
    values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "_devices", lambda: ["1"])
    Path(values["log"]).symlink_to(tmp_path / "elsewhere")
    kind, _, reason = task.run_job(values, "t", versions(), {})
    assert kind == "refused"
    assert "its process could not be started" in reason
    assert "symbolic link" in reason
    assert not (tmp_path / "elsewhere").exists()


def test_a_cancelled_task_lets_its_process_save(values, programs, tmp_path: Path) -> None:
    programs.append(
        f"trap 'echo saved >{tmp_path}/out; exit 143' TERM; touch {tmp_path}/ready; while :; do sleep 0.05; done"
    )
    watcher = threading.Thread(target=_interrupt_when, args=(tmp_path / "ready",))
    watcher.start()
    before = signal.getsignal(signal.SIGINT)
    assert task.run_job(values, "t", versions(), {}) == ("ended", 143, "")
    watcher.join()
    assert signal.getsignal(signal.SIGINT) is before
    assert (tmp_path / "out").read_text() == "saved\n"


def _interrupt_when(path: Path) -> None:
    while not path.exists():
        pass
    _thread.interrupt_main()  # as Ray does


def test_a_process_that_does_not_end_when_it_is_cancelled_is_killed(
    values, programs, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(task, "TO_SAVE", 0.2)
    programs.append(f"trap '' TERM; touch {tmp_path}/ready; while :; do sleep 0.05; done")
    watcher = threading.Thread(target=_interrupt_when, args=(tmp_path / "ready",))
    watcher.start()
    assert task.run_job(values, "t", versions(), {}) == ("ended", 137, "")
    watcher.join()


def test_only_a_repeated_task_waits_for_the_folder_of_its_run(values, programs) -> None:
    programs += ["exit 75", "exit 0"]
    assert task.run_job(values, "t", versions(), {}) == ("ended", 75, "")
    assert programs == ["exit 0"]
    programs[:] = ["exit 75", "exit 75", "exit 0"]
    task.start_file(Job(**{**values, "log": Path(str(values["log"]))})).write_text("t 1 n1\n")  # left by a dead worker
    assert task.run_job(values, "t", versions(), {}) == ("ended", 0, "")
    assert programs == []


def test_options_replace_what_a_job_requests(tmp_path: Path) -> None:
    job = Job("job", "run-1", (), tmp_path, gpus=1, cpus=2)
    assert needs(job, RayOptions()) == {"CPU": 2, "GPU": 1}
    assert needs(job, RayOptions(gpus=0, cpus=3, memory=0.5)) == {"CPU": 3, "memory": 2**29}
    assert adjusted(job, RayOptions(gpus=0)).gpus == 0


def test_a_node_has_room_if_it_has_enough_of_everything() -> None:
    assert connection.has_room({"CPU": 2, "GPU": 1}, {"CPU": 2, "GPU": 1})
    assert not connection.has_room({"CPU": 2}, {"CPU": 1, "GPU": 1})


def test_versions_differ_by_number_and_not_by_build() -> None:
    assert "+" not in versions()["torch"]
    assert versions()["vidgen-bench"]
    assert difference({"a": "1", "b": "2"}, {"a": "1", "b": "2"}) is None
    assert difference({"a": "1", "b": "2"}, {"a": "2"}) == "a 2 instead of 1; b missing instead of 2"


def test_the_address_is_the_option_then_the_variable_then_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert connection.address_of(RayOptions()) == "local"
    monkeypatch.setenv("RAY_ADDRESS", "a:1")
    assert connection.address_of(RayOptions()) == "a:1"
    assert connection.address_of(RayOptions("b:2")) == "b:2"


def test_without_ray_it_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert Ray().refuses(RayOptions()) == "Ray is not installed; install it with: pip install 'vidgen-bench[ray]'"


def test_it_is_not_imported_before_jobs_are_submitted() -> None:
    code = "import sys, vidgen_launchers.ray as r; r.Ray().refuses(r.RayOptions()); print('ray' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n", done.stderr
