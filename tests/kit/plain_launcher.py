"""A launcher in a few lines that keeps every rule: a process per job, all at once. The wrong ones are made of it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vidgen_bench.api import Ended, Event, Job, NoOptions, Skipped, Started
from vidgen_bench.launch.process import exit_code, start


class PlainHandle:
    """The processes of one submission."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._waiting = list(jobs)
        self._running: dict[str, tuple[Job, subprocess.Popen[bytes]]] = {}
        self._codes: dict[str, int] = {}
        self._events: list[Event] = []
        self.advance()

    @property
    def jobs(self) -> Sequence[Job]:
        return [*(job for job, _ in self._running.values()), *self._waiting]

    def start(self, job: Job) -> subprocess.Popen[bytes]:
        """Start the process of a job."""
        return start(job)

    def ended(self, job: Job, code: int) -> Event:
        """Return the event of a process that ended."""
        return Ended(job, code)

    def skipped(self, job: Job) -> Event:
        """Return the event of a job that never starts."""
        return Skipped(job, "what comes before it failed")

    def ready(self, job: Job) -> bool:
        """Return whether a job may start."""
        return all(self._codes.get(key) == 0 for key in job.after)

    def advance(self) -> None:
        """Note what ended, and start what can."""
        for job, process in list(self._running.values()):
            if (code := exit_code(process)) is not None:
                self.over(job, self.ended(job, code), code)
        for job in list(self._waiting):
            if self.ready(job):
                self._waiting.remove(job)
                self._running[job.key] = job, self.start(job)
                self._events.append(Started(job))
            elif any(self._codes.get(key, 0) for key in job.after):
                self.over(job, self.skipped(job), 1)

    def over(self, job: Job, event: Event, code: int) -> None:
        """Note the last event of a job."""
        self._running.pop(job.key, None)
        if job in self._waiting:
            self._waiting.remove(job)
        self._codes[job.key] = code
        self._events.append(event)

    def poll(self) -> Sequence[Event]:
        self.advance()
        events, self._events = self._events, []
        return events

    def cancel(self) -> None:
        for job in list(self._waiting):
            self.over(job, self.skipped(job), 1)
        for job, process in list(self._running.values()):
            self.end(process)
            process.wait()
            self.over(job, Ended(job, exit_code(process) or 0), 1)

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Ask a process to end."""
        process.send_signal(signal.SIGTERM)


@dataclass(frozen=True)
class Plain:
    """Starts every job at once."""

    name: str = "plain"
    handle: type[PlainHandle] = PlainHandle
    api: str = "1.2"
    summary: str = "a process per job, all at once"
    reference: str = "tests"
    options: type = NoOptions
    outlives: bool = False

    def refuses(self, options: Any) -> str | None:
        return None

    def submit(self, jobs: Sequence[Job], options: Any) -> PlainHandle:
        return self.handle(jobs)

    def attach(self, jobs: Sequence[Job], options: Any) -> PlainHandle:
        return self.handle(())
