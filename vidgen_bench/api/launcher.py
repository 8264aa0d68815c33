"""The declaration of a launcher, which starts commands somewhere, and the jobs and events that it exchanges with vidgen-bench."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from vidgen_bench.api.declaration import Named


@dataclass(frozen=True)
class Job:
    """One vidgen-bench command, to be run in a process of its own. Nothing is pickled: a job is text and numbers."""

    name: str
    """What people see: ``tgan+ode1 seed 0``."""
    key: str
    """Identifies the job among all commands and machines that share its folder: letters, digits and ``-``, at most 64."""
    arguments: tuple[str, ...]
    """The words after ``vidgen-bench``; every path in them is absolute."""
    log: Path
    """The file to which the output of the process is appended, absolute; its folder may not exist yet."""
    gpus: int = 0
    """Number of GPUs that no other job may use at the same time."""
    cpus: int = 1
    """Number of processor cores; the process gets as many threads."""
    memory: int | None = None
    """Bytes of memory; None if it is not known."""
    minutes: int | None = None
    """Longest time that it takes; None if it is not known."""
    after: tuple[str, ...] = ()
    """Keys of jobs of the same :meth:`Launcher.submit` that must end with exit code 0 before this one starts."""


@dataclass(frozen=True)
class Started:
    """The process of a job has started."""

    job: Job
    host: str = ""
    """The machine; "" if it is not known."""


@dataclass(frozen=True)
class Ended:
    """The process of a job has ended."""

    job: Job
    exit_code: int
    """As a shell has it: 0 .. 255, and 128 + N for a process that signal N killed."""


@dataclass(frozen=True)
class Lost:
    """The job has ended, and nobody knows how its process did: its machine or the process that watched it is gone."""

    job: Job
    reason: str
    """One line for people."""


@dataclass(frozen=True)
class Skipped:
    """The job was never started, because one of those in ``after`` failed, or because it was cancelled."""

    job: Job
    reason: str
    """One line for people."""


Event = Started | Ended | Lost | Skipped
"""What happens to a job: at most one :class:`Started` per start, and one of the other three as its last event."""


class Handle(Protocol):
    """The jobs of one :meth:`Launcher.submit` or :meth:`Launcher.attach`."""

    @property
    def jobs(self) -> Sequence[Job]:
        """The jobs that have not ended, those that wait included."""

    def poll(self) -> Sequence[Event]:
        """Return the events since the last call, in order, without waiting for one. vidgen-bench calls it about once per second."""

    def cancel(self) -> None:
        """End every job: one that waits never starts, and a process gets SIGTERM, after which it saves its run and ends.

        Returns when all have ended; a process that takes longer than a minute is killed. The next :meth:`poll` returns the events.
        """


class Launcher(Named, Protocol):
    """Starts jobs somewhere; hook ``vidgen_launchers``. It decides where and when, vidgen-bench decides what runs again."""

    @property
    def options(self) -> type:
        """A frozen dataclass, every field made by :func:`option`; ``--set launcher.NAME=VALUE`` changes one."""

    @property
    def outlives(self) -> bool:
        """Whether jobs go on when the process that submitted them has ended; ``--detach`` needs that."""

    def refuses(self, options: Any) -> str | None:
        """Return the reason why it cannot start jobs here with these options, and the fix, or None."""

    def submit(self, jobs: Sequence[Job], options: Any) -> Handle:
        """Start the jobs, in this order if they cannot all start at once, and return without waiting for them.

        A job is listed after those in its ``after``.

        Raises:
            VidgenBenchError: no job was started; the text has the cause and the fix.
        """

    def attach(self, jobs: Sequence[Job], options: Any) -> Handle:
        """Return a handle of those jobs that an earlier process submitted and that still wait or run; of none if ``outlives`` is False.

        Jobs are recognised by their ``key``.

        Raises:
            VidgenBenchError: the state of the jobs cannot be read; the text has the cause and the fix.
        """
