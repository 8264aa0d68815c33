"""The process of a job: its command, its variables, its log, and its end with its parent."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vidgen_bench.api import Job
from vidgen_bench.errors import RecordError
from vidgen_bench.launch.process import _end_with, command, exit_code, shell_command, start, variables
from vidgen_bench.system.interrupt import Interrupt


def job(folder: Path, *options: str, **more: int) -> Job:
    return Job(
        "a", "a", ("plugins", "rehearse", "a", f"--notes={folder / 'notes'}", *options), folder / "in" / "a.txt", **more
    )


def test_the_command_is_this_python_with_the_words_of_the_job(tmp_path: Path) -> None:
    one = Job("a b", "a", ("run", "tgan+ode1", "--runs=/with space"), tmp_path / "log")
    assert command(one) == [sys.executable, "-P", "-m", "vidgen_bench", "run", "tgan+ode1", "--runs=/with space"]
    assert shell_command(one).endswith("-P -m vidgen_bench run tgan+ode1 '--runs=/with space'")


def test_the_variables_are_threads_and_gpus(tmp_path: Path) -> None:
    none = variables(job(tmp_path, cpus=3), devices=["0"])
    assert {name: none[name] for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "CUDA_VISIBLE_DEVICES")} == {
        "OMP_NUM_THREADS": "3",
        "MKL_NUM_THREADS": "3",
        "CUDA_VISIBLE_DEVICES": "",
    }
    assert variables(job(tmp_path, gpus=2), devices=["1", "3"])["CUDA_VISIBLE_DEVICES"] == "1,3"
    assert "CUDA_VISIBLE_DEVICES" not in variables(job(tmp_path, gpus=1))  # the scheduler's value stays


def test_output_is_appended_and_the_code_is_that_of_a_shell(tmp_path: Path) -> None:
    for options, code in ((("--code=75",), 75), ((f"--signal={int(signal.SIGKILL)}",), 137)):
        one = job(tmp_path, *options, cpus=2)
        process = start(one)
        process.wait()
        assert exit_code(process) == code
    text = one.log.read_text()
    assert text.count("standard output of a") == text.count("standard error of a") == 2
    assert text.count("OMP_NUM_THREADS=[2]") == 2
    assert text.count("CUDA_VISIBLE_DEVICES=[]") == 2


def test_a_log_that_is_a_link_is_refused(tmp_path: Path) -> None:
    one = job(tmp_path)
    one.log.parent.mkdir()
    one.log.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RecordError, match="symbolic link"):
        start(one)
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_of_the_current_folder_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "statistics.py").write_text("raise SystemExit(9)")
    (tmp_path / "typing.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    assert start(job(tmp_path)).wait() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the end of a parent is a signal there")
def test_a_job_ends_whose_parent_died_before_it_began() -> None:
    with Interrupt():  # its handler is the child's until the exec
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, preexec_fn=_end_with(-1))
        try:
            assert process.wait(20) == -signal.SIGTERM
        finally:
            process.kill()
            process.communicate()


PARENT = """
import os, pathlib, signal, sys, time
from vidgen_bench.api import Job
from vidgen_bench.launch.process import start
folder = pathlib.Path(sys.argv[1])
start(Job("a", "a", ("plugins", "rehearse", "a", f"--notes={folder / 'notes'}", "--seconds=60"), folder / "a.txt"))
while not (folder / "notes").exists():
    time.sleep(0.02)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the end of a parent is a signal there")
def test_a_job_gets_sigterm_when_its_parent_is_killed(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PARENT, str(tmp_path)], timeout=60)
    assert done.returncode == -signal.SIGKILL
    until = time.monotonic() + 30
    while "stopped a" not in (tmp_path / "notes").read_text() and time.monotonic() < until:
        time.sleep(0.02)
    assert (tmp_path / "notes").read_text().splitlines() == ["begin a", "stopped a"]
