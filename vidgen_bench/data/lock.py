"""The lock file of a folder or file, so that of two processes that need it one makes it and the other waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vidgen_bench.api import Report
from vidgen_bench.system.files import disk_errors
from vidgen_bench.system.lock_file import acquire


@contextmanager
def hold(folder: Path, report: Report, waiting: str) -> Iterator[None]:
    """Hold ``<folder>.lock`` for the length of the block; report ``waiting`` while another process holds it."""
    with disk_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
    path = folder.with_name(f"{folder.name}.lock")
    lock = acquire(path, wait=False)
    if lock is None:
        report(waiting, 0, 0)
        lock = acquire(path, wait=True)
    assert lock is not None
    try:
        yield
    finally:
        lock.release()
