"""The lock file of a folder or file, so that of two processes that need it one makes it and the other waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vidgen_bench.api import Report
from vidgen_bench.system.files import disk_errors
from vidgen_bench.system.interrupt import require_no_stop
from vidgen_bench.system.lock_file import acquire

_PAUSE = 0.2
"""Seconds between two tries to get a lock."""


@contextmanager
def hold(folder: Path, report: Report, waiting: str) -> Iterator[None]:
    """Hold ``<folder>.lock`` for the length of the block; report ``waiting`` once if another process holds it.

    Raises:
        Interrupted: Ctrl-C while it waits, in a run or an evaluation.
    """
    with disk_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
    path = folder.with_name(f"{folder.name}.lock")
    lock = acquire(path)
    if lock is None:
        report(waiting, 0, 0)
    while lock is None:
        time.sleep(_PAUSE)
        require_no_stop(waiting)
        lock = acquire(path)  # the system takes it from a process that dies
    try:
        yield
    finally:
        lock.release()
