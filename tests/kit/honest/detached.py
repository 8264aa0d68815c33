"""A launcher whose jobs outlive the process that submitted them: shell scripts that leave their exit codes in files."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidgen_bench import hookimpl
from vidgen_bench.api import Ended, Event, Job, Lost, NoOptions, Skipped, Started
from vidgen_bench.launch.process import shell_command, variables

SCRIPT = """
for code in {after}; do
    while [ ! -s "$code" ]; do sleep 0.05; done
    [ "$(cat "$code")" = 0 ] || {{ echo skipped > {code}; exit; }}
done
{command} >> {log} 2>&1 & echo $! > {pid}
wait $!
echo $? > {part} && mv {part} {code}
"""


class Files:
    """The files of a job, beside its log."""

    def __init__(self, job: Job) -> None:
        self.code, self.pid, self.shell, self.part = (
            job.log.parent / f"{job.key}.{ending}" for ending in ("code", "pid", "shell", "part")
        )

    def read(self, path: Path) -> str:
        return path.read_text().strip() if path.exists() else ""


class DetachedHandle:
    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = {job.key: job for job in jobs}
        self._started: set[str] = set()

    @property
    def jobs(self) -> Sequence[Job]:
        return list(self._jobs.values())

    def poll(self) -> Sequence[Event]:
        events: list[Event] = []
        for job in self.jobs:
            files = Files(job)
            if files.read(files.pid) and job.key not in self._started:
                self._started.add(job.key)
                events.append(Started(job))
            if code := files.read(files.code):
                del self._jobs[job.key]
                skipped = code == "skipped"
                events.append(Skipped(job, "what comes before it failed") if skipped else Ended(job, int(code)))
            elif not alive(files):
                del self._jobs[job.key]
                events.append(Lost(job, "its shell is gone"))
        return events

    def cancel(self) -> None:
        for job in reversed(self.jobs):
            files = Files(job)
            with suppress(ProcessLookupError):
                if pid := files.read(files.pid):
                    os.kill(int(pid), signal.SIGTERM)
                else:
                    os.kill(int(files.read(files.shell)), signal.SIGKILL)
                    files.code.write_text("skipped")
        while any(not (files := Files(job)).read(files.code) and alive(files) for job in self.jobs):
            time.sleep(0.05)
        self._cancelled = self.poll()
        self.poll = self._last  # type: ignore[method-assign]

    def _last(self) -> Sequence[Event]:
        events, self._cancelled = self._cancelled, []
        return events


def alive(files: Files) -> bool:
    """Return whether the shell of a job runs; one that has ended and was not waited for does not count."""
    pid = files.read(files.shell)
    with suppress(OSError, ChildProcessError):
        os.waitpid(int(pid), os.WNOHANG)
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return bool(files.read(files.code))
    return True


@dataclass(frozen=True)
class Detached:
    """Starts a shell per job in a session of its own."""

    name: str = "detached"
    api: str = "1.2"
    summary: str = "processes that outlive this one"
    reference: str = "tests"
    options: type = NoOptions
    outlives: bool = True

    def refuses(self, options: Any) -> str | None:
        return None

    def submit(self, jobs: Sequence[Job], options: Any) -> DetachedHandle:
        by_key = {job.key: Files(job) for job in jobs}
        for job in jobs:
            self._start(job, by_key)
        return DetachedHandle(jobs)

    def _start(self, job: Job, by_key: dict[str, Files]) -> None:
        files = by_key[job.key]
        job.log.parent.mkdir(parents=True, exist_ok=True)
        for path in (files.code, files.pid):
            path.unlink(missing_ok=True)
        text = SCRIPT.format(
            after=" ".join(shlex.quote(str(by_key[key].code)) for key in job.after),
            command=shell_command(job),
            **{name: shlex.quote(str(path)) for name, path in vars(files).items()},
            log=shlex.quote(str(job.log)),
        )
        shell = subprocess.Popen(
            ["sh", "-c", text],
            env={**os.environ, **variables(job)},
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        files.shell.write_text(str(shell.pid))

    def attach(self, jobs: Sequence[Job], options: Any) -> DetachedHandle:
        found = [job for job in jobs if (files := Files(job)).read(files.shell) and not files.read(files.code)]
        return DetachedHandle([job for job in found if alive(Files(job))])


@hookimpl
def vidgen_launchers() -> Sequence[Detached]:
    """Register it."""
    return [Detached()]
