"""How a process is named to other machines."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from vidgen_bench.system.this_process import batch_job, is_running, machine


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_processes_of_a_machine_agree_on_its_name() -> None:
    code = "from vidgen_bench.system.this_process import machine; print(machine())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True).stdout
    assert other == machine() + "\n"
    assert len(machine().split()) == 3


def test_a_process_runs_until_it_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert is_running(process.pid)
    assert not is_running(process.pid)
    assert is_running(os.getppid())
    assert is_running(1)  # of another user, unless the tests are root's


@pytest.mark.parametrize(
    ("variables", "job"),
    [
        ({}, ""),
        ({"SLURM_JOB_ID": "17"}, "slurm 17"),
        ({"SLURM_JOB_ID": "19", "SLURM_ARRAY_JOB_ID": "17", "SLURM_ARRAY_TASK_ID": "2"}, "slurm 17_2"),
        ({"SLURM_JOB_ID": "9" * 500}, "slurm " + "9" * 74),
    ],
)
def test_the_job_comes_from_the_environment(
    variables: dict[str, str], job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("SLURM_")]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert batch_job() == job
