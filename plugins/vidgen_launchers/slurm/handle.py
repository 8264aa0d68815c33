"""The jobs of a submission: their events from squeue, and their end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from vidgen_bench.api import Event, Job
from vidgen_bench.errors import VidgenBenchError
from vidgen_launchers.slurm.commands import call
from vidgen_launchers.slurm.progress import Progress
from vidgen_launchers.slurm.queue import Place, Queue, Row, read_queue
from vidgen_launchers.slurm.submission import Submitted

SILENCE = 600.0
"""Seconds for which a controller may not answer: it restarts, or is too busy."""

SAVING = 60.0
"""Seconds that a process has to save its run when it is cancelled."""

KILLING = 120.0
"""Seconds after which Slurm has killed a job: its KillWait is 30 by default."""


class SlurmHandle:
    """The jobs that :func:`submit_arrays` submitted, or that :func:`find_submitted` found."""

    def __init__(self, submitted: Sequence[Submitted], interval: float) -> None:
        self._waiting = [Progress(entry.job, entry.place) for entry in submitted]
        self._interval, self._next = interval, 0.0
        self._answered = time.monotonic()
        self._ended: list[Event] = []

    @property
    def jobs(self) -> Sequence[Job]:
        """The jobs that have not ended."""
        return [progress.job for progress in self._waiting]

    def poll(self) -> Sequence[Event]:
        """Ask Slurm if the interval is over, and return what has happened since.

        Raises:
            VidgenBenchError: Slurm has not answered for ten minutes.
        """
        now = time.monotonic()
        if self._ended:
            events, self._ended = self._ended, []
            return events
        if not self._waiting or now < self._next:
            return []
        self._next = now + self._interval
        try:
            queue = self._queue()
        except VidgenBenchError:
            if now - self._answered > SILENCE:
                raise
            return []
        self._answered = now
        return self._observe(queue, now)

    def _observe(self, queue: Queue, now: float) -> list[Event]:
        events = [event for progress in self._waiting for event in progress.events(queue.find(progress.place), now)]
        self._waiting = [progress for progress in self._waiting if not progress.is_over]
        return events

    def cancel(self) -> None:
        """Cancel what waits, let what runs save itself, and kill what takes longer than a minute.

        Raises:
            VidgenBenchError: Slurm does not answer, or a job does not end.
        """
        signalled = set[Place]()
        saved = time.monotonic() + SAVING
        while (left := self._left()) and time.monotonic() < saved:
            self._end([row for row in left if row.place not in signalled])
            signalled |= {row.place for row in left if row.is_running}
            time.sleep(min(1.0, self._interval))
        killed = time.monotonic() + KILLING
        if left:
            call(["scancel", *(row.number for row in left)])
        while left := self._left():
            if time.monotonic() > killed:
                raise VidgenBenchError(
                    f"Slurm has not ended the jobs {', '.join(row.number for row in left)}; see squeue."
                )
            time.sleep(min(1.0, self._interval))
        self._ended = self._observe(self._queue(), time.monotonic())

    def _queue(self) -> Queue:
        return read_queue({progress.place.array for progress in self._waiting})

    def _left(self) -> list[Row]:
        queue = self._queue()
        return [row for progress in self._waiting if (row := queue.find(progress.place)) and not row.has_ended]

    def _end(self, rows: Sequence[Row]) -> None:
        """Cancel those of the jobs that wait, first, so that none starts when there is room; send SIGTERM to the others.

        It is not an error if a job ends in the meantime. Jobs that run must not be queued again.
        """
        if waiting := [row.number for row in rows if not row.is_running]:
            with suppress(VidgenBenchError):
                call(["scancel", "--state=PENDING", *waiting])
        if running := [row.number for row in rows if row.is_running]:
            for number in running:
                with suppress(VidgenBenchError):
                    call(["scontrol", "update", f"JobId={number}", "Requeue=0"])
            with suppress(VidgenBenchError):
                call(["scancel", "--signal=TERM", *running])
