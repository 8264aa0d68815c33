"""Small jobs for the checks of launchers: each notes when it begins and how it ends, and none imports torch."""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from vidgen_bench.api import Ended, Event, Handle, Job, Launcher, Lost, Skipped, Started
from vidgen_bench.conformance.launcher_subject import LauncherSubject
from vidgen_bench.conformance.nonconformance import Nonconformance
from vidgen_bench.system.regular_files import is_there, read_file

LIMIT = 180.0
"""Seconds within which small jobs must have started or ended; a cluster may be slow, and one that never does is found."""

_LOOK = 0.1

LAST = (Ended, Lost, Skipped)
"""The events that end a job."""


class Rehearsal:
    """A launcher, a folder for the logs and notes of its jobs, and the events that came."""

    def __init__(self, subject: LauncherSubject, folder: Path) -> None:
        self.launcher: Launcher = subject.launcher
        self.options = subject.options
        self.folder = folder
        self.events: list[Event] = []
        self._handles: list[Handle] = []

    def job(self, name: str, *, after: Sequence[Job] = (), cpus: int = 1, **what: float) -> Job:
        """Return a job that notes its begin and its end.

        Args:
            name: its name in notes.
            after: the jobs that come before it.
            cpus: its number of processor cores.
            what: options of ``vidgen-bench plugins rehearse``: ``seconds``, ``code``, ``signal``.
        """
        options = [f"--{key}={value}" for key, value in what.items()]
        return Job(
            name=name,
            key=f"rehearse-{uuid.uuid4().hex}",
            arguments=("plugins", "rehearse", name, f"--notes={self.folder / 'notes.txt'}", *options),
            log=self.folder / f"{name}.txt",
            cpus=cpus,
            after=tuple(job.key for job in after),
        )

    def submit(self, *jobs: Job) -> Handle:
        """Submit jobs; those that are left at the end of the check are cancelled."""
        handle = self.launcher.submit(jobs, self.options)
        self._handles.append(handle)
        return handle

    def attach(self, *jobs: Job) -> Handle:
        """Attach to jobs."""
        return self.launcher.attach(jobs, self.options)

    def poll(self, handle: Handle) -> list[Event]:
        """Return the new events, and keep them."""
        found = list(handle.poll())
        self.events += found
        return found

    def wait(self, handle: Handle, until: Callable[[], bool] | None = None, what: str = "its jobs to end") -> None:
        """Poll until a condition holds, by default until no job is left.

        Raises:
            Nonconformance: it takes too long.
        """
        ready = until or (lambda: not handle.jobs)
        begun = time.monotonic()
        while not ready():
            if time.monotonic() - begun > LIMIT:
                raise Nonconformance(
                    f"expected {what} within {LIMIT:.0f} seconds: still there are "
                    f"{', '.join(job.name for job in handle.jobs) or 'no jobs'}; the events so far: {self.shown()}"
                )
            self.poll(handle)
            time.sleep(_LOOK)
        self.poll(handle)

    def notes(self) -> list[str]:
        """Return what the jobs noted, in order: ``begin a``, ``end a``, ``stopped a``."""
        path = self.folder / "notes.txt"
        return read_file(path).decode().splitlines() if is_there(path) else []

    def last(self, job: Job) -> list[Event]:
        """Return the events that ended a job."""
        return [event for event in self.events if event.job.key == job.key and isinstance(event, LAST)]

    def shown(self) -> str:
        """Return the events in words."""
        return ", ".join(f"{describe(event)} of {event.job.name}" for event in self.events) or "none"

    def end(self) -> None:
        """End the jobs that are left."""
        for handle in self._handles:
            if handle.jobs:
                handle.cancel()


def describe(event: Event) -> str:
    """Return an event in words, without its job."""
    if isinstance(event, Started):
        return "Started"
    return f"Ended({event.exit_code})" if isinstance(event, Ended) else f"{type(event).__name__}({event.reason!r})"


@contextmanager
def rehearsal(subject: LauncherSubject) -> Iterator[Rehearsal]:
    """Yield a rehearsal in a new folder inside the current one, which the machines of a cluster must share."""
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".rehearsal-", ignore_cleanup_errors=True) as folder:
        one = Rehearsal(subject, Path(folder))
        try:
            yield one
        finally:
            one.end()
