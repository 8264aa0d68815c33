"""One job, from squeue's rows and from what its script left beside the log to events."""

from __future__ import annotations

from dataclasses import dataclass

from vidgen_bench.api import Ended, Event, Job, Lost, Skipped, Started
from vidgen_launchers.slurm.queue import Place, Row
from vidgen_launchers.slurm.script import exit_file

VISIBLE = 60.0
"""Seconds after which a file that another machine has written is visible on a shared file system."""

_LOST = {"NODE_FAIL": "its node failed", "BOOT_FAIL": "its node did not start", "REVOKED": "another cluster took it"}

_KILLED = {"OUT_OF_MEMORY": 137, "TIMEOUT": 137, "DEADLINE": 137, "PREEMPTED": 143, "CANCELLED": 143}
"""The exit codes of jobs of which Slurm has none: processes that it killed, or that it asked to end."""


@dataclass
class Progress:
    """How far a job has come."""

    job: Job
    place: Place
    is_over: bool = False
    _starts: int = 0
    _gone: float | None = None

    def events(self, row: Row | None, now: float) -> list[Event]:
        """Return what has happened since the last call.

        Args:
            row: the job in the queue, or None if Slurm does not know it any more.
            now: seconds on a clock that only goes forward.
        """
        if row is None:
            end = self._vanished(now)
            return [end] if end else []
        self._gone = None
        found: list[Event] = []
        if row.restarts >= self._starts and row.host and (row.is_running or row.has_ended):
            self._starts = row.restarts + 1
            found.append(Started(self.job, row.host))
        if row.has_ended:
            self.is_over = True
            found.append(self._end(row))
        return found

    def _end(self, row: Row) -> Event:
        code = self._left_code()
        if code is not None:
            return Ended(self.job, code)
        if row.state in _LOST:
            return Lost(self.job, f"{_LOST[row.state]}: Slurm job {row.number}, {row.state}")
        if row.state == "CANCELLED" and not row.host and not row.restarts:
            why = "a job before it failed" if self.job.after else "it was cancelled before it started"
            return Skipped(self.job, f"{why} (Slurm job {row.number})")
        if row.state in _KILLED and (row.exit_code == 0 or row.state == "OUT_OF_MEMORY"):
            return Ended(self.job, _KILLED[row.state])
        return Ended(self.job, row.exit_code)

    def _vanished(self, now: float) -> Event | None:
        """Return the end of a job that Slurm has forgotten, or None as long as the file with its exit code may still appear."""
        self._gone = now if self._gone is None else self._gone
        code = self._left_code()
        if code is None and now - self._gone < VISIBLE:
            return None
        self.is_over = True
        if code is not None:
            return Ended(self.job, code)
        return Lost(self.job, f"Slurm no longer knows its job ({self.place.array}), which left no exit code")

    def _left_code(self) -> int | None:
        """Return the exit code that the script wrote for this submission, or None."""
        try:
            array, _, code = exit_file(self.job).read_text().partition(" ")
            return int(code) if array == self.place.array else None
        except (OSError, ValueError):
            return None
