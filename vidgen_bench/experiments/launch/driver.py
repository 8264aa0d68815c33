"""Sees tasks to their end through a launcher: submits them, and submits again what was stopped, lost or busy.

Nothing is kept but the files of the runs: a driver that starts anew finds the jobs that are still there, skips what is finished and
submits the rest.
"""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence

from vidgen_bench.api import Ended, Event, Handle, Job, Lost, Skipped, Started
from vidgen_bench.errors import DataError, DataWarning, Interrupted, RequestError
from vidgen_bench.experiments.launch.chosen import ChosenLauncher
from vidgen_bench.experiments.launch.endings import Attempts
from vidgen_bench.experiments.launch.log import last_words, size_of, warnings_in
from vidgen_bench.experiments.launch.task import Outcome, Task, Watcher
from vidgen_bench.experiments.run.owner import SILENT_SECONDS
from vidgen_bench.system.interrupt import Interrupt

PAUSE = 1.0
"""Seconds between two looks at the jobs."""

BUSY_PAUSE = SILENT_SECONDS + 20.0
"""Seconds before another try at a run that another process had: if its machine died, nobody may have the run for as long."""


class Driver:
    """The tasks of one command, and the jobs that a launcher has of them."""

    def __init__(
        self,
        launcher: ChosenLauncher,
        tasks: Sequence[Task],
        watcher: Watcher | None = None,
        busy_pause: float = BUSY_PAUSE,
    ) -> None:
        self._launcher, self._watcher, self._busy_pause = launcher, watcher or Watcher(), busy_pause
        self._open = {task.key: task for task in tasks}
        self._first = {task.needs for task in tasks if task.needs}
        """The tasks that others need."""
        self._submitted: set[str] = set()
        self._missing: set[str] = set()
        self._later: dict[str, float] = {}
        """The tasks that another process was running, and the earliest time of another try."""
        self._broken: dict[str, str] = {}
        self._attempts: defaultdict[str, Attempts] = defaultdict(Attempts)
        self._begins: dict[str, int] = {}
        self._handles: list[Handle] = []
        self._attached = False

    def outcomes(self, pause: float = PAUSE) -> Iterator[Outcome]:
        """Submit the tasks and yield their outcomes as they end.

        Raises:
            Interrupted: Ctrl-C or another signal. Jobs that end with this process were asked to save their runs; others go on.
            DataError: the data of a task that the others need cannot be read; the other jobs were ended.
            VidgenBenchError: the launcher cannot start jobs.
        """
        with Interrupt() as interrupt:
            try:
                self.submit()
                while self._open:
                    yield from self._look()
                    self._drop_unneeded()
                    self._watcher.looked()
                    if interrupt.requested:
                        yield from self._stop(interrupt)
                    if self._open:
                        time.sleep(pause)
                        self.submit()
            finally:
                if not self._launcher.outlives:
                    self.cancel()

    def submit(self) -> list[Task]:
        """Find the jobs of an earlier process, submit every task that can start now, and return these."""
        if not self._attached:
            self._attached = True
            self._adopt(self._launcher.attach([task.job for task in self._open.values()]))
        ready = self._ready()
        jobs = [self._job(task, ready) for task in ready]
        if jobs:
            for task in ready:
                self._begins[task.key] = size_of(task.job.log)
            self._adopt(self._launcher.submit(jobs), jobs)
        return ready

    def cancel(self) -> list[Job]:
        """End every job that was submitted or found, wait for that, and return them."""
        ended = []
        for handle in self._handles:
            ended += list(handle.jobs)
            if handle.jobs:
                handle.cancel()
        return ended

    @property
    def jobs(self) -> list[Job]:
        """The jobs that the launcher has."""
        return [job for handle in self._handles for job in handle.jobs]

    def find(self) -> list[Job]:
        """Find the jobs of an earlier process, without starting any, and return them."""
        self._attached = True
        self._adopt(self._launcher.attach([task.job for task in self._open.values()]))
        return self.jobs

    def _adopt(self, handle: Handle, jobs: Sequence[Job] | None = None) -> None:
        self._handles.append(handle)
        self._submitted |= {job.key for job in (handle.jobs if jobs is None else jobs)}

    def _ready(self) -> list[Task]:
        """Return the tasks that can be submitted now; one that was busy waits until nothing else is left."""
        waiting = [task for key, task in self._open.items() if key not in self._submitted]
        needed = {task.needs for task in waiting}
        # runs of an earlier process that are still there have, or wait for, what they need
        waiting = [task for task in waiting if task.key not in self._first or task.key in needed]
        ready = self._startable([task for task in waiting if task.key not in self._later])
        if not ready and not self._submitted:
            now = time.monotonic()
            ready = self._startable([task for task in waiting if now >= self._later.get(task.key, now)])
        return ready

    def _startable(self, tasks: Sequence[Task]) -> list[Task]:
        """Return those of some tasks whose needs are met, or are among them."""
        keys = {task.key for task in tasks}
        return [task for task in tasks if task.needs not in self._open or task.needs in keys]

    def _drop_unneeded(self) -> None:
        """Forget what no open task needs and no job does."""
        needed = {task.needs for task in self._open.values()}
        for key in self._first - needed - self._submitted:
            self._open.pop(key, None)

    def _job(self, task: Task, together: Sequence[Task]) -> Job:
        """Return the job of a task, after the one that it needs if both are submitted together."""
        after = (task.needs,) if task.needs in {other.key for other in together} else ()
        return dataclasses.replace(task.job, after=tuple(key for key in after if key))

    def _look(self) -> Iterator[Outcome]:
        """Yield the outcomes of the jobs that ended since the last look."""
        for event in self._events():
            if outcome := self._react(event):
                yield outcome
        for key, task in list(self._open.items()):
            if key in self._submitted:
                continue
            if key in self._later and task.is_finished():  # by the process that had it
                yield self._end(task, Outcome(task, "done"))
            elif task.needs in self._broken:
                del self._open[key]
                yield Outcome(task, "not started", self._broken[task.needs])

    def _events(self) -> Iterator[Event]:
        """Yield the events of all jobs, and one for each job that the launcher lost without an event."""
        for handle in self._handles:
            yield from handle.poll()
        known = {job.key for job in self.jobs}
        missing = self._submitted - known
        for key in missing & self._missing:  # twice: a job may end between poll and jobs
            yield Lost(self._open[key].job, f"the launcher {self._launcher.name} does not know it any more")
        self._missing = self._submitted - known
        if not self._missing:  # else the event of a job may come with the next poll
            self._handles = [handle for handle in self._handles if handle.jobs]

    def _react(self, event: Event) -> Outcome | None:
        """Return the outcome of a task that is over with this event, or None."""
        task = self._open.get(event.job.key)
        if task is None:
            return None
        if isinstance(event, Started):
            self._watcher.started(task, event.host)
            return None
        self._submitted.discard(task.key)
        self._watcher.ended(task)
        if isinstance(event, Skipped) and (task.needs in self._open or task.needs in self._broken):
            return None  # it starts with the next attempt at what it needs, or never
        following, reason = self._attempts[task.key].after(event)
        if following == "done" or task.is_finished():
            self._warn(task)
            return self._end(task, Outcome(task, "done", begins=self._begins.get(task.key, 0)))
        if following in ("again", "later"):
            if following == "later":
                self._later[task.key] = time.monotonic() + self._busy_pause
            self._watcher.again(task, reason)
            return None
        reason = ": ".join(part for part in (reason, self._words(task, event)) if part)
        if task.fatal and isinstance(event, Ended) and event.exit_code == RequestError.exit_code:
            self.cancel()
            raise DataError(reason)
        self._broken[task.key] = f"{task.job.name} failed: {reason}"
        return self._end(task, Outcome(task, "failed", reason))

    def _end(self, task: Task, outcome: Outcome) -> Outcome:
        del self._open[task.key]
        return outcome

    def _words(self, task: Task, event: Ended | Lost | Skipped) -> str:
        """Return the last words of an attempt, or where its log is."""
        words = last_words(task.job.log, self._begins.get(task.key, 0))
        code = f"exit code {event.exit_code}" if isinstance(event, Ended) else ""
        return words or ", ".join(part for part in (code, f"its log is {task.job.log}") if part)

    def _warn(self, task: Task) -> None:
        """Repeat what the job warned of, since nobody reads the log of a job that succeeds."""
        for text in dict.fromkeys(warnings_in(task.job.log, self._begins.get(task.key, 0))):
            warnings.warn(DataWarning(text), stacklevel=2)

    def _stop(self, interrupt: Interrupt) -> Iterator[Outcome]:
        """End the jobs that end with this process, yield those that are done, and raise Interrupted."""
        if self._launcher.outlives:
            left = len(self.jobs)
            raise Interrupted(
                f"{left} job{' goes' if left == 1 else 's go'} on in {self._launcher.name}. The same command shows where they are and goes "
                "on; with --cancel it ends them.",
                interrupt.number,
            )
        self.cancel()
        for event in [event for handle in self._handles for event in handle.poll()]:
            task = self._open.get(event.job.key)
            if task and isinstance(event, Ended) and (event.exit_code == 0 or task.is_finished()):
                yield self._end(task, Outcome(task, "done"))
        raise Interrupted("Stopped. The same command continues from there.", interrupt.number)
