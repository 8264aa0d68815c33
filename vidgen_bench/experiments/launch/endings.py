"""What follows when a job has ended: exit codes are the contract between a run and what started it."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Literal

from vidgen_bench.api import Ended, Lost, Skipped
from vidgen_bench.errors import BusyError
from vidgen_bench.system.interrupt import STOPS

MOST_CRASHES = 3
"""Starts of a job that may end by a crash: killed, lost, out of memory."""

MOST_STOPS = 20
"""Times that a job may be stopped from outside, by preemption or a time limit; it has saved its run each time."""

STOPPED = frozenset(128 + getattr(signal, name) for name in STOPS if hasattr(signal, name))
"""The exit codes of a run that saved itself after a signal: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP."""

Next = Literal["done", "again", "later", "failed"]
"""``later`` means once more when all others have ended."""


@dataclass
class Attempts:
    """How often a job has ended without a result, by cause."""

    stops: int = 0
    crashes: int = 0
    busy: int = 0

    def after(self, event: Ended | Lost | Skipped) -> tuple[Next, str]:
        """Count an event that ended the job, and return what follows, with the reason on one line ("" if the log has it)."""
        if not isinstance(event, Ended):
            return self._crashed(event.reason)
        code = event.exit_code
        if code == 0:
            return "done", ""
        if code == BusyError.exit_code:
            self.busy += 1
            return (
                ("later", "another process is running it; trying again at the end, in three minutes at the earliest")
                if self.busy == 1
                else ("failed", "")
            )
        if code in STOPPED:
            self.stops += 1
            if self.stops <= MOST_STOPS:
                return "again", f"it was stopped by {_signal(code)} and is saved; starting it again"
            return "failed", f"it was stopped {self.stops} times, the last time by {_signal(code)}"
        if code > 128:
            return self._crashed(f"its process was ended by {_signal(code)}")
        return "failed", ""

    def _crashed(self, reason: str) -> tuple[Next, str]:
        self.crashes += 1
        if self.crashes < MOST_CRASHES:
            return "again", f"{reason}; starting it again"
        return "failed", f"{reason}, in {self.crashes} attempts"


def _signal(code: int) -> str:
    try:
        return signal.Signals(code - 128).name
    except ValueError:
        return f"exit code {code}"
