"""Requests to stop: the first lets the current iteration finish and be saved, a second one stops at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import Any

from vidgen_bench.errors import Interrupted

STOPS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGXCPU", "SIGUSR1", "SIGUSR2")
"""Signals that ask for an end: Ctrl-C, `kill`, a terminal that closes, limits on processor time, warnings of batch systems.

Ctrl-\\ (SIGQUIT) still ends the process at once.
"""

SAME = 0.5
"""Seconds within which a second signal is no second request: ``uv run`` passes Ctrl-C on, and systemd adds SIGHUP to SIGTERM."""

PASSED_ON = 5.0
"""Seconds within which SIGTERM is no second request.

A batch system, systemd or a container signals every process, and the command that started the jobs of a suite passes it on to each of them
a second later.
"""

KEPT = "Finished work is kept. Run the same command again to resume."
"""What a command prints, after ``interrupted:``, that was stopped where nothing had to be saved."""


class _Received:
    """The first signal of this process that nobody has answered yet."""

    number: int | None = None
    at = 0.0
    current: Interrupt | None = None
    """The innermost block that runs."""
    leaving = False
    """Whether Python is shutting down: an exception would not reach anybody."""


def exit_code_of_stop() -> int:
    """Return 128 + the number of the signal that stopped this process, 130 if it was none but KeyboardInterrupt."""
    return 128 + (_Received.number or signal.SIGINT)


def stopped(text: str) -> Interrupted:
    """Return the error for a command that KeyboardInterrupt has ended, with the exit code of the signal."""
    return Interrupted(text, exit_code_of_stop() - 128)


class Interrupt:
    """While the block runs, the signals of ``STOPS`` set ``requested``; a second one raises KeyboardInterrupt."""

    def __init__(self) -> None:
        self.requested = False
        self.number = int(signal.SIGINT)
        """The first signal, which gives the exit code 128 + number."""
        self._before: dict[signal.Signals, Any] = {}
        self._outer: Interrupt | None = None

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            self._outer, _Received.current = _Received.current, self
            self._before = _catch(self._handle, also_ignored=("SIGINT",))
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if _Received.current is self:
            _Received.current = self._outer
        if kind is None:
            _Received.number = None

    def check(self, what: str) -> None:
        """Raise Interrupted, with a text that names the work ``what``, if a stop was requested."""
        if self.requested:
            raise Interrupted(f"Stopped during {what}. The same command continues from there.", self.number)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self.requested:
            self.requested, self.number = True, number
            _Received.number, _Received.at = number, time.monotonic()
        elif not _is_repeated(number):
            _stop(self.number, frame)


def require_no_stop(what: str) -> None:
    """Check that the :class:`Interrupt` around a wait was not requested to stop, outside of one nothing.

    Raises:
        Interrupted: it was; the text names the work ``what``.
    """
    if _Received.current is not None:
        _Received.current.check(what)


def stop_on_signals() -> None:
    """From now on, the signals of ``STOPS`` raise KeyboardInterrupt; those that this process was started to ignore stay ignored.

    During an import, Python and the libraries that are loaded may swallow an exception or turn it into another one. The process then
    ends without one, as it does at the second signal: in both cases nothing is lost that a killed process would not lose.
    """
    _catch(_handle_outside)


def leave() -> None:
    """Note that the command is over, so that a signal no longer raises an exception, which Python would print while it shuts down.

    What the command printed is written out before: from now on a signal ends the process without that.
    """
    with suppress(OSError, ValueError):
        if sys.stdout is not None:
            sys.stdout.flush()
    _Received.leaving = True


def _handle_outside(number: int, frame: FrameType | None) -> None:
    """Handle a signal outside of every :class:`Interrupt`."""
    if _Received.number is None:
        _Received.number, _Received.at = number, time.monotonic()
    elif _is_repeated(number):
        return
    else:
        _end(_Received.number)
    _stop(number, frame)


def _stop(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, or end the process where it would not arrive."""
    if _Received.leaving or _is_importing(frame):
        _end(number)
    raise KeyboardInterrupt


def print_stopped() -> None:
    """Print that the command was stopped, without the streams of Python, which may be in the middle of something."""
    with suppress(OSError):
        os.write(2, f"interrupted: {KEPT}\n".encode())


def _end(number: int) -> None:
    """End the process now, with one line."""
    print_stopped()
    os._exit(128 + number)


def _is_repeated(number: int) -> bool:
    """Return whether a later signal is no second request: it follows at once, or the system reminds of its limit every second."""
    same = PASSED_ON if number == signal.SIGTERM else SAME
    return time.monotonic() - _Received.at <= same or signal.Signals(number).name == "SIGXCPU"


def _is_importing(frame: FrameType | None) -> bool:
    """Return whether a module is being imported somewhere above a frame."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _catch(handler: Any, also_ignored: tuple[str, ...] = ()) -> dict[signal.Signals, Any]:
    """Set the handler of the signals of ``STOPS`` and return those before; an ignored signal stays ignored: ``nohup`` does that."""
    before: dict[signal.Signals, Any] = {}
    for name in STOPS:
        number = getattr(signal, name, None)  # Windows has two of them
        if number is not None and (name in also_ignored or signal.getsignal(number) != signal.SIG_IGN):
            before[number] = signal.signal(number, handler)
    return before
