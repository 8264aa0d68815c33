"""Lock files: of two processes that need a folder, one has it and the other waits or is refused."""

from __future__ import annotations

from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from vidgen_bench.system.files import disk_errors
from vidgen_bench.system.regular_files import require_regular


def acquire(path: Path, *, wait: bool) -> BaseFileLock | None:
    """Return the lock of a lock file, held until its ``release()``, or None if another process holds it and ``wait`` is False.

    The lock file is emptied when it is opened, so it is never opened through a link: filelock refuses that, too.

    Raises:
        RecordError: the lock file is a link, pipe or device.
        VidgenBenchError: it cannot be made or opened.
    """
    require_regular(path)
    lock = FileLock(path)
    with disk_errors(path):
        try:
            lock.acquire(timeout=-1 if wait else 0)
        except Timeout:
            return None
    return lock
