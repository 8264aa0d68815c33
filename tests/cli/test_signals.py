"""Signals to a run: it saves, exits with 128 + the signal's number, and the same command continues."""

from __future__ import annotations

import signal
import sys

import pytest

from tests.kit.forked import Started
from tests.kit.workplace import Workplace

LONG = ["--budget", "iterations=100000"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
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
