"""A job that is seen to its end: what it needs first, and how it ends."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vidgen_bench.api import Job
from vidgen_bench.errors import VidgenBenchError


@dataclass(frozen=True)
class Task:
    """One job and its place among the others."""

    job: Job
    """Its ``after`` is empty: the driver fills it in."""
    needs: str | None = None
    """The key of the task that must be done before; None if there is none."""
    finished: Callable[[], bool] | None = None
    """Whether the result of the job is there, whatever its exit code is; None if the exit code alone tells."""
    fatal: bool = False
    """Whether the others are useless if its data cannot be read (exit code 2)."""

    @property
    def key(self) -> str:
        """The key of its job."""
        return self.job.key

    def is_finished(self) -> bool:
        """Return whether the result is there; a folder that cannot be read has none."""
        with suppress(VidgenBenchError):
            return self.finished is not None and self.finished()
        return False


@dataclass(frozen=True)
class Outcome:
    """How a task ended."""

    task: Task
    state: Literal["done", "failed", "not started"]
    text: str = ""
    """Why it is not done, on one line."""
    begins: int = 0
    """The byte of its log at which its last attempt begins."""


class Watcher:
    """Receives what happens to the tasks; override the methods you need."""

    def started(self, task: Task, host: str) -> None:
        """Called when the process of a task has started; ``host`` is "" if the launcher does not know it."""

    def ended(self, task: Task) -> None:
        """Called when the process of a task has ended, in whatever way."""

    def again(self, task: Task, reason: str) -> None:
        """Called when a task ended and will be started again."""

    def looked(self) -> None:
        """Called about once per second."""


def key_of(kind: str, *parts: object) -> str:
    """Return a key for a job: its kind, and a hash of what tells it from all others."""
    text = "\0".join(map(str, parts))
    return f"{kind}-{hashlib.sha256(os.fsencode(text)).hexdigest()[:24]}"  # a path may have bytes that are not UTF-8


def run_key(folder: Path) -> str:
    """Return the key of the run in a folder, the same for every suite and machine that shares the folder."""
    return key_of("run", folder.absolute())
