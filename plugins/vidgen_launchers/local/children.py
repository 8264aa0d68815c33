"""Jobs as child processes of this one: how many run at a time, which wait for others, and how they are ended."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Sequence

from vidgen_bench.api import Ended, Event, Job, Lost, Skipped, Started
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.launch.process import exit_code, start

TO_SAVE = 60.0
"""Seconds that a process has to save its run after SIGTERM; then it is killed."""

_LOOK = 0.05
"""Seconds between two looks at processes that were asked to end."""


class Children:
    """A handle of child processes, of which at most ``most`` run at a time.

    No thread watches them: :meth:`poll` does, since a child gets SIGTERM when the thread that started it ends.
    """

    def __init__(self, jobs: Sequence[Job], most: int) -> None:
        self._most = most
        self._waiting = list(jobs)
        self._running: list[tuple[Job, subprocess.Popen[bytes]]] = []
        self._done: set[str] = set()
        self._failed: set[str] = set()
        self._events: list[Event] = []
        self._start()

    @property
    def jobs(self) -> Sequence[Job]:
        """The jobs that have not ended."""
        return [*(job for job, _ in self._running), *self._waiting]

    def poll(self) -> Sequence[Event]:
        """Return the events since the last call, after starting jobs for which there is room."""
        self._reap()
        self._start()
        events, self._events = self._events, []
        return events

    def cancel(self) -> None:
        """End every job: SIGTERM first, and SIGKILL after a minute."""
        self._events += [Skipped(job, "cancelled before it started") for job in self._waiting]
        self._waiting.clear()
        for _, process in self._running:
            process.send_signal(signal.SIGTERM)
        until = time.monotonic() + TO_SAVE
        while self._running and time.monotonic() < until:
            time.sleep(_LOOK)
            self._reap()
        for _, process in self._running:
            process.kill()
            process.wait()
        self._reap()

    def _reap(self) -> None:
        """Note the processes that have ended."""
        for job, process in list(self._running):
            if (code := exit_code(process)) is not None:
                self._running.remove((job, process))
                self._end(job, Ended(job, code), done=code == 0)

    def _end(self, job: Job, event: Event, *, done: bool = False) -> None:
        """Note the last event of a job, and whether those that wait for it may start."""
        self._events.append(event)
        (self._done if done else self._failed).add(job.key)

    def _start(self) -> None:
        """Start waiting jobs in order while there is room, and skip those whose conditions can no longer be met."""
        for job in list(self._waiting):
            if failed := [key for key in job.after if key in self._failed]:
                self._waiting.remove(job)
                self._end(job, Skipped(job, f"the job {failed[0]}, which comes before it, failed"))
            elif len(self._running) < self._most and all(key in self._done for key in job.after):
                self._waiting.remove(job)
                self._start_one(job)

    def _start_one(self, job: Job) -> None:
        try:
            process = start(job)
        except (OSError, VidgenBenchError) as error:
            self._end(job, Lost(job, f"its process could not be started: {error}"))
            return
        self._running.append((job, process))
        self._events.append(Started(job, socket.gethostname()))
