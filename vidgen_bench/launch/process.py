"""The process of a job: started with the job's threads and GPUs, its output appended to the job's log, and gone with its parent."""

from __future__ import annotations

import ctypes
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from vidgen_bench.api import Job
from vidgen_bench.system.regular_files import appending

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Where the libraries below torch, numpy and scipy look up their number of threads."""

DEVICES = "CUDA_VISIBLE_DEVICES"
"""The GPUs that CUDA shows to a process; none if it is empty."""


def command(job: Job) -> list[str]:
    """Return the command line of a job: this Python, ``-P -m vidgen_bench``, and the job's arguments.

    Without ``-P`` a file of the current folder, such as ``statistics.py``, would be imported instead of the module of that name.
    """
    return [sys.executable, "-P", "-m", "vidgen_bench", *job.arguments]


def shell_command(job: Job) -> str:
    """Return the command line of a job, quoted for a shell script."""
    return shlex.join(command(job))


def variables(job: Job, devices: Sequence[str] | None = None) -> dict[str, str]:
    """Return the environment variables that a job sets: its threads, no terminal, and its GPUs.

    Args:
        job: the job.
        devices: what ``CUDA_VISIBLE_DEVICES`` lists, or None to keep the scheduler's value; a job without GPUs sees none.
    """
    chosen = {name: str(job.cpus) for name in THREADS} | {"PYTHONUNBUFFERED": "1", "TTY_INTERACTIVE": "0"}
    if job.gpus == 0:
        devices = ()
    return chosen if devices is None else chosen | {DEVICES: ",".join(devices)}


def start(
    job: Job, devices: Sequence[str] | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start the process of a job in a session of its own, so that a terminal's Ctrl-C reaches its parent alone.

    Args:
        job: the job; its output is appended to ``job.log``.
        devices: as for :func:`variables`.
        environment: the variables that :func:`variables` are added to; those of this process by default.
    Raises:
        OSError: the log cannot be written, or the process cannot be started.
        RecordError: the log is a link, pipe or device.
    """
    job.log.parent.mkdir(parents=True, exist_ok=True)
    with appending(job.log) as log:
        return subprocess.Popen(
            command(job),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**(os.environ if environment is None else environment), **variables(job, devices)},
            start_new_session=True,
            preexec_fn=_end_with(os.getpid()) if sys.platform == "linux" else None,
        )


def exit_code(process: subprocess.Popen[bytes]) -> int | None:
    """Return the exit code of a process as a shell has it, 128 + N after signal N, or None while it runs."""
    code = process.poll()
    return code if code is None or code >= 0 else 128 - code


def _end_with(parent: int) -> Callable[[], None]:
    """Return what a child runs first: it gets SIGTERM when its parent dies, so that it saves its run and ends."""
    library = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        signal.signal(
            signal.SIGTERM, signal.SIG_DFL
        )  # until the exec the parent's handler would answer, and only take a note
        library.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # the parent died before prctl took effect
            os.kill(os.getpid(), signal.SIGTERM)

    return prepare
