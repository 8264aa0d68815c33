"""The lock file of a folder, so that of two processes that need it one makes it and the other waits."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from filelock import FileLock, Timeout

from vidgen_bench.api import Report


def hold(folder: Path, report: Report, waiting: str) -> AbstractContextManager[object]:
    """Return ``<folder>.lock``, held until the end of its ``with`` block; report ``waiting`` while another process holds it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_suffix(".lock"))
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        report(waiting, 0, 0)
        return lock.acquire()
