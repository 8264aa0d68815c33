"""A launcher whose jobs do what a test has written down, without a process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidgen_bench.api import Ended, Event, Job, Lost, NoOptions, Skipped, Started
from vidgen_bench.experiments.launch.chosen import ChosenLauncher
from vidgen_bench.experiments.launch.task import Task

Step = int | str
"""An exit code; ``lost``; ``skipped``; ``wait`` for one more poll; ``hang`` until it is cancelled; ``vanish`` without an event."""


@dataclass(frozen=True)
class Call:
    """What a launcher was asked."""

    names: tuple[str, ...]
    after: tuple[tuple[str, ...], ...] = ()


class FakeLauncher:
    """Runs the steps of each job by its name, one attempt after another; a job without steps ends with 0."""

    name = "fake"
    api = "1.2"
    summary = reference = "a test"
    options = NoOptions

    def __init__(
        self,
        steps: Mapping[str, Sequence[Step]] | None = None,
        *,
        outlives: bool = False,
        on_end: Callable[[Job, int], None] = lambda job, code: None,
    ) -> None:
        self.steps = {name: list(its) for name, its in (steps or {}).items()}
        self.outlives, self.on_end = outlives, on_end
        self.calls: list[Call] = []
        self.cancelled: list[str] = []
        self.left: list[Job] = []
        self.polls = 0
        self.at_poll: Callable[[int], None] = lambda number: None
        self.make_handle: Callable[[FakeLauncher, Sequence[Job]], FakeHandle] = FakeHandle

    @property
    def chosen(self) -> ChosenLauncher:
        return ChosenLauncher(self, NoOptions())  # type: ignore[arg-type]

    def refuses(self, options: Any) -> str | None:
        return None

    def submit(self, jobs: Sequence[Job], options: Any) -> FakeHandle:
        names = {job.key: job.name for job in jobs}
        self.calls.append(Call(tuple(names.values()), tuple(tuple(names[key] for key in job.after) for job in jobs)))
        return self.make_handle(self, jobs)

    def attach(self, jobs: Sequence[Job], options: Any) -> FakeHandle:
        keys = {job.key for job in jobs}
        return FakeHandle(self, [job for job in self.left if job.key in keys])


class FakeHandle:
    def __init__(self, launcher: FakeLauncher, jobs: Sequence[Job]) -> None:
        self._launcher = launcher
        self.jobs: list[Job] = list(jobs)
        self._codes: dict[str, int] = {}
        self._events: list[Event] = []

    def poll(self) -> Sequence[Event]:
        if self.jobs:
            self._launcher.polls += 1
            self._launcher.at_poll(self._launcher.polls)
        events, self._events = self._events, []
        for job in list(self.jobs):
            if any(self._codes.get(key, 0) for key in job.after):
                self._over(job, Skipped(job, "what comes before it failed"), events)
            elif all(key in self._codes for key in job.after):
                self._step(job, events)
        return events

    def _step(self, job: Job, events: list[Event]) -> None:
        steps = self._launcher.steps.get(job.name, [])
        step = steps[0] if steps[:1] == ["hang"] else steps.pop(0) if steps else 0
        if step in ("wait", "hang"):
            return
        events.append(Started(job, "somewhere"))
        if isinstance(step, int):
            self._launcher.on_end(job, step)
            self._codes[job.key] = step
            self._over(job, Ended(job, step), events)
        elif step == "vanish":
            self.jobs.remove(job)
        else:
            kind = Lost if step == "lost" else Skipped
            self._over(job, kind(job, "its machine is gone"), events)

    def _over(self, job: Job, event: Event, events: list[Event]) -> None:
        self.jobs.remove(job)
        self._codes.setdefault(job.key, 1)
        events.append(event)

    def cancel(self) -> None:
        for job in list(self.jobs):
            self._launcher.cancelled.append(job.name)
            self._over(job, Ended(job, 143), self._events)


def task(folder: Path, name: str, needs: str | None = None, **more: Any) -> Task:
    """Return a task whose key is its name and whose log is in a folder."""
    return Task(Job(name, name, ("rehearse",), folder / f"{name}.txt"), needs, **more)
