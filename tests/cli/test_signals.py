"""Signals to a command: it saves, exits with 128 + the signal's number, and the same command continues."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.kit.forked import Started
from tests.kit.workplace import Workplace

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="sends signals"),
    pytest.mark.usefixtures("hangup_arrives"),
]

LONG = ["--budget", "iterations=100000"]
KEPT = "interrupted: Finished work is kept. Run the same command again to resume.\n"


@pytest.mark.slow
@pytest.mark.parametrize("names", [["SIGHUP"], ["SIGTERM", "SIGTERM"]], ids="-".join)
def test_a_signal_saves_the_run(prepared: Workplace, names: list[str]) -> None:
    """One that a terminal sends, and one that comes twice; tests/unit/system/test_interrupt.py has every signal."""
    runs = "-".join(names)
    arguments = ["run", "tgan+conv1d", *prepared.data_arguments, *LONG, "--runs", runs]
    with Started(arguments, prepared.root, prepared.environment()) as started:
        started.wait_for("iteration 2:")
        for name in names:
            started.send_signal(getattr(signal, name))
        done = started.end(timeout=120)
    assert done.returncode == 128 + getattr(signal, names[0]), done.stderr
    assert "everything is saved in" in done.stderr
    (last,) = (prepared.root / runs).rglob("last.pt")
    assert last.stat().st_size > 0
    assert not list((prepared.root / runs).rglob("owner.json"))


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize(
    "arguments", [["data", "prepare"], ["reference", "build"], ["evaluate", "clips.npy"]], ids=" ".join
)
def test_every_command_ends_as_after_ctrl_c(workplace: Workplace, arguments: list[str], name: str) -> None:
    """Each is stopped while it decodes, in the middle of its work."""
    number = getattr(signal, name)
    np.save(workplace.root / "clips.npy", np.random.default_rng(0).integers(0, 256, (8, 16, 64, 64, 3), np.uint8))
    options = [o for o in workplace.data_arguments if arguments[0] != "data" or o not in ("--device", "cpu")]
    entry = "tests.kit.stopped_while_decoding:main"
    environment = workplace.environment(VIDGEN_TEST_SIGNAL=str(int(number)), PYTHONPATH=str(Path(__file__).parents[2]))
    with Started([*arguments, *options], workplace.root, environment, entry) as started:
        done = started.end(timeout=60)
    assert done.returncode == 128 + number, done.stderr
    lines = done.stderr.splitlines(keepends=True)
    assert lines[-1] == KEPT or "The same command continues from there." in lines[-1]
    assert "Traceback" not in done.stderr


def script() -> Path:
    """Return the installed console script."""
    return Path(sys.executable).with_name("vidgen-bench")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_during_the_start_ends_it_with_one_line(prepared: Workplace, name: str) -> None:
    """A real start, with the imports of torch and all plugins, and a signal at random moments of it."""
    number, chance, counted = getattr(signal, name), random.Random(name), 0
    arguments = [script(), "run", "tgan+conv1d", *prepared.data_arguments, *LONG, "--runs", f"start-{name}"]
    for _ in range(8):
        with subprocess.Popen(
            arguments, cwd=prepared.root, env=prepared.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        ) as process:  # fmt: skip
            _wait_until_it_catches(process.pid, number)
            time.sleep(chance.uniform(0.0, 2.5))
            process.send_signal(number)
            out, err = process.communicate(timeout=120)
        assert process.returncode == 128 + number, err
        assert "Traceback" not in out + err
        assert err == KEPT or ("The same command continues" in err and err.count("\n") == 1)
        counted += err == KEPT
    assert counted >= 2


def _wait_until_it_catches(pid: int, number: int) -> None:
    """Wait until a process has a handler of its own for SIGTERM, which Python sets for none; Linux tells."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip("needs Linux's /proc")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt:"))
        if int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.002)
    pytest.fail("the process never set a handler")


@pytest.mark.slow
def test_what_nohup_ignores_is_ignored_from_the_start(prepared: Workplace) -> None:
    start = "import os, signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv({0!r}, [{0!r}, 'tracks'])"
    process = subprocess.Popen(
        [sys.executable, "-c", start.format(str(script()))], cwd=prepared.root, env=prepared.environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    _wait_until_it_catches(process.pid, signal.SIGTERM)
    os.kill(process.pid, signal.SIGHUP)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "shapes-smoke" in out
