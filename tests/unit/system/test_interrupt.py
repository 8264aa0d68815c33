"""Signals that ask a run to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vidgen_bench.errors import Interrupted
from vidgen_bench.system import interrupt as module
from vidgen_bench.system.interrupt import KEPT, STOPS, Interrupt, exit_code_of_stop
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
    """A wrapper passes the same one on, and systemd sends two."""
    with Interrupt() as interrupt:
        for name in ("SIGTERM", "SIGTERM", "SIGHUP", "SIGINT"):
            send(name)
    assert interrupt.number == signal.SIGTERM


@pytest.mark.parametrize("second", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("first", ["SIGINT", "SIGTERM"])
def test_a_second_signal_stops_at_once(first: str, second: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SAME", "PASSED_ON"):
        monkeypatch.setattr(module, name, -1.0)
    with Interrupt() as interrupt:
        send(first)
        with pytest.raises(KeyboardInterrupt):
            send(second)
        assert exit_code_of_stop() == 128 + interrupt.number == 128 + getattr(signal, first)


@pytest.mark.parametrize("first", ["SIGTERM", "SIGUSR1"])
def test_a_signal_to_all_processes_that_their_parent_passes_on_is_one(
    first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch system signals the command and its jobs; about a second later the command sends SIGTERM to the jobs."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    with Interrupt() as interrupt:
        send(first)
        now[0] += 2.0
        send("SIGTERM")
        with pytest.raises(KeyboardInterrupt):
            send("SIGINT")  # a person does not wait
        now[0] += 4.0
        with pytest.raises(KeyboardInterrupt):
            send("SIGTERM")
    assert interrupt.number == getattr(signal, first)


def test_the_reminders_of_a_limit_are_no_second_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system sends SIGXCPU every second."""
    monkeypatch.setattr(module, "SAME", -1.0)
    with Interrupt() as interrupt:
        for _ in range(3):
            send("SIGXCPU")
    assert interrupt.number == signal.SIGXCPU


PLACES = {
    "a command": "sending.send(NAME)",
    "an import that swallows it": "import swallowing",
    "the end of Python": "import atexit; atexit.register(sending.send, NAME)",
}


@pytest.mark.parametrize("name", STOPS)
@pytest.mark.parametrize("place", PLACES)
def test_outside_a_run_a_signal_ends_the_command_with_one_line(place: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "sending.py").write_text(
        "import os, signal, time\ndef send(name):\n    os.kill(os.getpid(), getattr(signal, name))\n    time.sleep(0.01)\n"
    )
    (tmp_path / "swallowing.py").write_text(
        f"import sending\ntry:\n    sending.send({name!r})\nexcept BaseException:\n    pass\n"
    )
    command = f"import sending\ndef main():\n    {PLACES[place].replace('NAME', repr(name))}\n    print('went on')"
    (tmp_path / "command.py").write_text(command)
    # a shell ignores Ctrl-C for what it starts in the background, and `nohup` ignores SIGHUP
    start = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
    start += "import command; from vidgen_bench.cli import main; main.main = command.main; from vidgen_bench.__main__ import main; main()"
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-c", start], cwd=tmp_path, env=buffered, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 128 + getattr(signal, name)
    assert done.stderr == f"interrupted: {KEPT}\n"
    assert done.stdout == ("went on\n" if place == "the end of Python" else "")


def test_what_nohup_ignores_stays_ignored() -> None:
    code = (
        "import os, signal; from vidgen_bench.system.interrupt import Interrupt\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with Interrupt() as i:\n    os.kill(os.getpid(), signal.SIGHUP)\n    print(i.requested)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60).stdout == "False\n"
