"""Requests to stop: the first lets the current iteration finish and be saved, a second Ctrl-C stops at once."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType
from typing import Any

STOPS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGXCPU", "SIGUSR1", "SIGUSR2")
"""Signals that ask for an end: Ctrl-C, `kill`, a terminal that closes, limits on processor time, warnings of batch systems.

Ctrl-\\ (SIGQUIT) still ends the process at once.
"""

SAME = 0.5
"""Seconds within which a second Ctrl-C is the first once more, passed on by a wrapper such as ``uv run``."""


class Interrupt:
    """While the block runs, the signals of ``STOPS`` set ``requested``; a second Ctrl-C raises KeyboardInterrupt."""

    def __init__(self) -> None:
        self.requested = False
        self.number = int(signal.SIGINT)
        """The first signal, which gives the exit code 128 + number."""
        self._at = 0.0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            for name in STOPS:
                number = getattr(signal, name, None)  # Windows has two of them
                # an ignored signal stays ignored: `nohup` does that to SIGHUP
                if number is not None and (name == "SIGINT" or signal.getsignal(number) != signal.SIG_IGN):
                    self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self.requested:
            self.requested, self.number, self._at = True, number, time.monotonic()
        elif number == signal.SIGINT and time.monotonic() - self._at > SAME:
            raise KeyboardInterrupt
