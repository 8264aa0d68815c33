"""Lock files: of two processes that need a folder, one has it and the other waits or is refused."""

from __future__ import annotations

import sys
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from vidgen_bench.system.files import disk_errors
from vidgen_bench.system.regular_files import appending, require_one_name, require_regular

if sys.platform != "win32":
    import fcntl


def acquire(path: Path) -> BaseFileLock | None:
    """Return the lock of a lock file, held until its ``release()``, or None if another process holds it.

    The lock file is emptied when it is opened, so it is never opened through a link: filelock refuses that, too.

    Raises:
        RecordError: the lock file is a link, pipe or device, or a file with a second name that is not empty.
        VidgenBenchError: it cannot be made or opened, or its file system has no locks.
    """
    require_regular(path)
    require_one_name(path)
    lock = FileLock(path)
    with disk_errors(path):
        try:
            lock.acquire(timeout=0)
        except (Timeout, NotImplementedError):
            _require_locks(path)
            return None
    return lock


def _require_locks(path: Path) -> None:
    """Raise OSError if the file system has no locks, which filelock may take for the lock of another process."""
    if sys.platform == "win32":
        return
    with appending(path) as stream:
        try:
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # held
            return
