"""This process, as other machines may name it: its host, its number, and its job of a batch system."""

from __future__ import annotations

import os
import socket
import sys
import uuid
from contextlib import suppress
from pathlib import Path

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.system.regular_files import read_file

_MOST = 80
"""The longest name of a job that is kept."""


def host() -> str:
    """Return the name of this machine."""
    return socket.gethostname()


def machine() -> str:
    """Return what tells the processes of this machine from all others that may have the same numbers; "" if nothing does.

    On Linux it has the last start of the machine and the namespace of its process numbers: a container has one of its own.
    """
    if sys.platform == "win32":
        return ""
    if sys.platform != "linux":
        return f"{host()} {uuid.getnode():x}"
    with suppress(OSError, VidgenBenchError):
        boot = read_file(Path("/proc/sys/kernel/random/boot_id"), most=1000).decode().strip()
        return f"{host()} {boot} {os.readlink('/proc/self/ns/pid')}"
    return ""


def is_running(pid: int) -> bool:
    """Return whether a process of this machine has this number; one of another user counts."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass
    return True


def batch_job() -> str:
    """Return the job of a batch system that this process belongs to, ``slurm 17_3``, or "" outside one."""
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    number = f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID")
    return f"slurm {number}"[:_MOST] if number else ""
