"""Signals to a real run: it saves, exits with 128 + the signal's number, and the same command continues."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.workplace import Workplace

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="sends signals"),
    pytest.mark.usefixtures("hangup_arrives"),
]

LONG = ["--budget", "iterations=100000"]


@pytest.mark.slow
@pytest.mark.parametrize("names", [["SIGHUP"], ["SIGXCPU"], ["SIGUSR1"], ["SIGTERM", "SIGTERM"]], ids="-".join)
def test_a_signal_saves_the_run(prepared: Workplace, names: list[str]) -> None:
    runs = "-".join(names)
    arguments = ["run", "tgan+conv1d", *prepared.data_arguments, *LONG, "--runs", runs]
    started = subprocess.Popen(
        [sys.executable, "-m", "vidgen_bench", *arguments],
        cwd=prepared.root,
        env=prepared.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    try:
        for line in started.stdout:
            if "iteration 2:" in line:
                break
        for name in names:
            started.send_signal(getattr(signal, name))
        _, errors = started.communicate(timeout=120)
    finally:
        started.kill()
    assert started.returncode == 128 + getattr(signal, names[0]), errors
    assert "everything is saved in" in errors
    (last,) = Path(prepared.root, runs).rglob("last.pt")
    assert last.stat().st_size > 0
