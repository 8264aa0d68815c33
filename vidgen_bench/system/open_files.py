"""Which process has a file open, where the system tells (Linux, for the processes of this user)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")


def process_with_open_file(paths: Sequence[Path]) -> int | None:
    """Return the number of another process that has one of these files, or a file below one of these folders, open; None if none is known.

    Args:
        paths: files and folders.
    """
    wanted = tuple(os.path.realpath(path) for path in paths)
    folders = tuple(os.path.join(path, "") for path in wanted)
    with suppress(OSError):
        for name in os.listdir(_PROCESSES):
            if name.isdecimal() and int(name) != os.getpid() and _opens(name, wanted, folders):
                return int(name)
    return None


def _opens(process: str, wanted: tuple[str, ...], folders: tuple[str, ...]) -> bool:
    """Return whether a process has one of the files open; one that ends meanwhile, or belongs to another user, does not count."""
    with suppress(OSError):
        for descriptor in os.scandir(_PROCESSES / process / "fd"):
            with suppress(OSError):
                target = os.readlink(descriptor.path)
                if target in wanted or target.startswith(folders):
                    return True
    return False
