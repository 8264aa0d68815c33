"""Launchers that break one rule each."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.kit.plain_launcher import Plain, PlainHandle
from vidgen_bench import hookimpl
from vidgen_bench.api import Ended, Event, Job, Lost
from vidgen_bench.launch.process import command, variables


class Waiting(PlainHandle):
    def __init__(self, jobs: Sequence[Job]) -> None:
        super().__init__(jobs)
        for _, process in self._running.values():
            process.wait()


class Twice(PlainHandle):
    def start(self, job: Job) -> subprocess.Popen[bytes]:
        super().start(job)
        return super().start(job)


class Minus(PlainHandle):
    def ended(self, job: Job, code: int) -> Event:
        return Ended(job, code if code < 128 else 128 - code)


class Flat(PlainHandle):
    def ended(self, job: Job, code: int) -> Event:
        return Ended(job, min(code, 1))


def started(job: Job, mode: str = "ab", **more: Any) -> subprocess.Popen[bytes]:
    with job.log.open(mode) as log:
        chosen = {"stdout": log, "stderr": subprocess.STDOUT, "env": {**os.environ, **variables(job)}} | more
        return subprocess.Popen(command(job), **chosen)


class Emptying(PlainHandle):
    def start(self, job: Job) -> subprocess.Popen[bytes]:
        return started(job, "wb")


class Mute(PlainHandle):
    def start(self, job: Job) -> subprocess.Popen[bytes]:
        return started(job, stderr=subprocess.DEVNULL)


class Bare(PlainHandle):
    def start(self, job: Job) -> subprocess.Popen[bytes]:
        return started(job, env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""})


class Greedy(PlainHandle):
    def start(self, job: Job) -> subprocess.Popen[bytes]:
        return started(job, env={**os.environ, **variables(job), "CUDA_VISIBLE_DEVICES": "0"})


class Impatient(PlainHandle):
    def ready(self, job: Job) -> bool:
        return True


class Careless(PlainHandle):
    def ready(self, job: Job) -> bool:
        return all(key in self._codes for key in job.after)


class Nameless(PlainHandle):
    def skipped(self, job: Job) -> Event:
        return Lost(job, "it is gone")


class Brutal(PlainHandle):
    def end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()


class Leaving(PlainHandle):
    def __init__(self, jobs: Sequence[Job]) -> None:
        self._all = list(jobs)
        super().__init__(jobs)

    @property
    def jobs(self) -> Sequence[Job]:
        return self._all


class Hopeful(PlainHandle):
    def ended(self, job: Job, code: int) -> Event:
        return Ended(job, 0 if code == 137 else code)


class Blocking(PlainHandle):
    def poll(self) -> Sequence[Event]:
        for _, process in self._running.values():
            process.wait()
        return super().poll()


class Repeating(PlainHandle):
    def poll(self) -> Sequence[Event]:
        self.advance()
        return list(self._events)


@dataclass(frozen=True)
class Blank(Plain):
    def refuses(self, options: Any) -> str | None:
        return ""


@dataclass(frozen=True)
class Undecided(Plain):
    def refuses(self, options: Any) -> str | None:
        return f"the time is {time.monotonic_ns()}"


@dataclass(frozen=True)
class Forgetting(Plain):
    """It says that its jobs outlive their process, and finds none."""


@dataclass(frozen=True)
class Inventing(Plain):
    """Its jobs end with their process, and it claims to find them."""

    def attach(self, jobs: Sequence[Job], options: Any) -> PlainHandle:
        found = PlainHandle(())
        found._waiting = list(jobs)
        return found


KINDS: dict[str, type[PlainHandle]] = {
    "waiting": Waiting,
    "twice": Twice,
    "minus": Minus,
    "flat": Flat,
    "emptying": Emptying,
    "mute": Mute,
    "bare": Bare,
    "greedy": Greedy,
    "impatient": Impatient,
    "careless": Careless,
    "nameless": Nameless,
    "brutal": Brutal,
    "leaving": Leaving,
    "hopeful": Hopeful,
    "blocking": Blocking,
    "repeating": Repeating,
}


@hookimpl
def vidgen_launchers() -> Sequence[Plain]:
    """Register the plain one, and one per broken rule."""
    return [
        Plain(),
        *(Plain(name, handle) for name, handle in KINDS.items()),
        Blank("blank"),
        Undecided("undecided"),
        dataclasses.replace(Forgetting("forgetting"), outlives=True),
        Inventing("inventing"),
    ]
