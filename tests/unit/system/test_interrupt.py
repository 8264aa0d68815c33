"""Signals that ask a run to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from vidgen_bench.errors import Interrupted
from vidgen_bench.system import interrupt as module
from vidgen_bench.system.interrupt import STOPS, Interrupt
from vidgen_bench.system.observer import Interruptible, Observer

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="sends signals"),
    pytest.mark.usefixtures("hangup_arrives"),
]


def send(name: str) -> None:
    os.kill(os.getpid(), getattr(signal, name))


@pytest.mark.parametrize("name", STOPS)
def test_every_request_to_stop_is_kept_and_gives_its_exit_code(name: str) -> None:
    before = signal.getsignal(getattr(signal, name))
    with Interrupt() as interrupt:
        assert not interrupt.requested
        send(name)
        assert interrupt.requested
        with pytest.raises(Interrupted) as stopped:
            Interruptible(Observer(), interrupt).stage("scoring")
    assert stopped.value.exit_code == 128 + getattr(signal, name)
    assert signal.getsignal(getattr(signal, name)) == before


def test_repeated_signals_do_not_keep_the_run_from_saving() -> None:
    with Interrupt() as interrupt:
        for name in ("SIGTERM", "SIGTERM", "SIGHUP", "SIGINT"):
            send(name)
    assert interrupt.number == signal.SIGTERM


def test_a_second_ctrl_c_stops_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAME", -1.0)
    with Interrupt():
        send("SIGINT")
        with pytest.raises(KeyboardInterrupt):
            send("SIGINT")


def test_what_nohup_ignores_stays_ignored() -> None:
    code = (
        "import os, signal; from vidgen_bench.system.interrupt import Interrupt\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with Interrupt() as i:\n    os.kill(os.getpid(), signal.SIGHUP)\n    print(i.requested)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60).stdout == "False\n"
