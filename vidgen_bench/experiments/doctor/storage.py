"""The folders that vidgen-bench writes: whether it may, whether they have locks, and how much space is left."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.escaping import printable
from vidgen_bench.experiments.doctor.finding import Finding
from vidgen_bench.experiments.estimate.amounts import size
from vidgen_bench.system.lock_file import acquire
from vidgen_bench.system.places import cache_folder, instrument_folder

LEAST, LITTLE = 2**28, 2**32
"""Free bytes below which no run can be expected to end, and below which a long one may not."""


def check_folders(runs: Path) -> list[Finding]:
    """Return whether the folders that are written can be written.

    Args:
        runs: the folder of runs.
    """
    return [
        _folder("cache", cache_folder, "XDG_CACHE_HOME"),
        _folder("weights", instrument_folder, "XDG_DATA_HOME"),
        _folder("runs", lambda: runs.absolute(), "--runs"),
    ]


def check_disk(runs: Path) -> Finding:
    """Return the free space of the disks of the cache, of the runs and of temporary files.

    Args:
        runs: the folder of runs.
    """
    free: dict[str, int] = {}
    places = {"runs": runs.absolute(), "temporary files": Path(tempfile.gettempdir())}
    with suppress(RequestError):  # check_folders says so
        places["cache"] = cache_folder()
    for name, place in places.items():
        try:
            free[name] = shutil.disk_usage(_existing(place)).free
        except OSError:
            continue
    least = min(free.values(), default=0)
    text = "free for " + ", ".join(f"{name} {size(count)}" for name, count in free.items())
    if least < LEAST:
        return Finding(
            "disk",
            "fault",
            text,
            "free disk space: `vidgen-bench cache` and `vidgen-bench runs` show what takes it",
            free,
        )
    if least < LITTLE:
        return Finding(
            "disk",
            "note",
            f"{text}: little for a long run",
            "`vidgen-bench estimate SPEC` says how much a run needs",
            free,
        )
    return Finding("disk", "ok", text, details=free)


def _folder(name: str, find: Callable[[], Path], setting: str) -> Finding:
    """Return whether a folder can be written and has locks; one that does not exist yet is not made."""
    try:
        folder = find()
    except RequestError as error:
        return Finding(name, "fault", str(error), f"set {setting} to a folder that you may write to")
    there = _existing(folder)
    shown, details = printable(str(folder), 200), {"folder": str(folder), "exists": folder.is_dir()}
    if there == folder and not folder.is_dir():
        return Finding(name, "fault", f"{shown} is not a folder", f"name another with {setting}", details)
    try:
        with tempfile.TemporaryDirectory(prefix=".vidgen-bench-doctor-", dir=there) as inside:
            lock = acquire(Path(inside) / "lock")
            if lock is not None:
                lock.release()
    except OSError as error:
        why = f"{shown} cannot be written: {error.strerror or error}"
        return Finding(name, "fault", why, f"make it writable, or name another with {setting}", details)
    except VidgenBenchError:
        return Finding(
            name, "fault", f"{shown} is on a file system without locks", f"name another with {setting}", details
        )
    state = "writable" if there == folder else "not there yet; it can be made"
    return Finding(name, "ok", f"{shown}, {state}", details=details)


def _existing(path: Path) -> Path:
    """Return a path, or the nearest thing above it that exists."""
    while not os.path.lexists(path) and path.parent != path:
        path = path.parent
    return path
