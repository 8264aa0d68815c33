"""The tasks of a submission: their events, and their end."""

from __future__ import annotations

from collections.abc import Sequence

from vidgen_bench.api import Ended, Event, Job, Lost, Skipped, Started
from vidgen_launchers.ray.task import REPEATS, TO_SAVE, Submitted, start_file
from vidgen_launchers.ray.versions import last_line

STOPPED = 143
"""The exit code of a process that a cancelled task did not live to report: it got SIGTERM."""

_REPORTING = 30.0
"""Seconds that a task has to report once its process is gone."""


class RayHandle:
    """The jobs that :func:`submit_tasks` submitted."""

    def __init__(self, submitted: Sequence[Submitted]) -> None:
        self._left = list(submitted)
        self._starts: dict[str, str] = {}
        self._failed: set[str] = set()
        self._ended: list[Event] = []

    @property
    def jobs(self) -> Sequence[Job]:
        """The jobs that have not ended."""
        return [entry.job for entry in self._left]

    def poll(self) -> Sequence[Event]:
        """Return the events since the last call."""
        events, self._ended = self._ended, []
        return [*events, *self._look()] if self._left else events

    def _look(self) -> list[Event]:
        import ray

        references = [entry.reference for entry in self._left]
        ended = set(ray.wait(references, num_returns=len(references), timeout=0, fetch_local=False)[0])
        events: list[Event] = []
        for entry in list(self._left):
            events += self._started(entry)
            if entry.reference in ended:
                self._left.remove(entry)
                event = self._end(entry)
                if not (isinstance(event, Ended) and event.exit_code == 0):
                    self._failed.add(entry.job.key)
                events.append(event)
        return events

    def cancel(self) -> None:
        """Cancel every task; one that runs passes it on to its process and reports how that ended."""
        if not self._left:
            return
        import ray

        references = [entry.reference for entry in self._left]
        for reference in reversed(references):  # those that wait for others first
            ray.cancel(reference, force=False, recursive=False)
        left = ray.wait(references, num_returns=len(references), timeout=TO_SAVE + _REPORTING, fetch_local=False)[1]
        for reference in left:
            ray.cancel(reference, force=True, recursive=False)
        if left:
            ray.wait(references, num_returns=len(references), timeout=_REPORTING, fetch_local=False)
        self._ended += self._look()

    def _started(self, entry: Submitted) -> list[Event]:
        """Return the event of a start that the task has written down since the last look; a task that Ray repeats has several."""
        try:
            token, process, host = start_file(entry.job).read_text().split()
        except (OSError, ValueError):
            return []
        place = f"{host} {process}"
        if token != entry.token or self._starts.get(entry.job.key) == place:
            return []
        self._starts[entry.job.key] = place
        return [Started(entry.job, host)]

    def _end(self, entry: Submitted) -> Event:
        import ray

        job = entry.job
        try:
            kind, code, reason = ray.get(entry.reference)
        except ray.exceptions.TaskCancelledError:
            started = job.key in self._starts
            return Ended(job, STOPPED) if started else Skipped(job, "cancelled before it started")
        except ray.exceptions.RayError as error:
            if self._failed.intersection(job.after):  # the result of a lost task is its error
                return Skipped(job, "a job before it failed")
            return Lost(job, f"its Ray worker or node died, {REPEATS + 1} times: {_words(error)}")
        if kind == "ended":
            return Ended(job, code)
        return Skipped(job, reason) if kind == "skipped" else Lost(job, reason)


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {last_line(error)}"
