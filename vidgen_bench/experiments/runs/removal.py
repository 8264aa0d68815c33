"""Removes run folders: only below the folder of runs, never one that a process holds, and nothing that a link leads to."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.experiments.run.owner import OWNER, Ownership, busy
from vidgen_bench.experiments.runs.found import runs_below
from vidgen_bench.records.record import RECORD_FILE
from vidgen_bench.system.lock_file import acquire
from vidgen_bench.system.regular_files import irregular, require_folders

LOCK = ".lock"
"""The lock file of a run folder."""

_FIRST = (RECORD_FILE, "last.pt")
"""What is removed first, as ``request.json`` is last: whatever a kill leaves can be removed or begun again."""


def check_removable(folder: Path, runs: Path) -> None:
    """Check that a run folder may be removed, apart from processes that hold it.

    Args:
        folder: the run folder.
        runs: the folder of runs.
    Raises:
        RequestError: it is not below the folder of runs, or has other run folders inside.
        RecordError: a folder on the way to it is a link.
    """
    path, above = _absolute(folder), _absolute(runs)
    if path == above or not path.is_relative_to(above):
        raise RequestError(
            f"{folder} is not below the folder of runs {runs}, so it is not removed. Name its folder of runs, as in: "
            f"vidgen-bench runs rm {folder} --runs {folder.parent}"
        )
    require_folders(path, above)
    if inside := runs_below(folder):
        raise RequestError(f"{folder} has other runs inside, such as {inside[0]}. Name those to remove.")


def remove_run(folder: Path, runs: Path) -> None:
    """Remove a run folder, and the folders above it up to the folder of runs that are empty then.

    Links inside are removed, and what they lead to stays.

    Args:
        folder: the run folder.
        runs: the folder of runs.
    Raises:
        BusyError: a process holds the folder.
        VidgenBenchError: it may not be removed, or a file in it cannot be removed.
    """
    check_removable(folder, runs)
    path, above = _absolute(folder), _absolute(runs)
    try:
        for name in (LOCK, OWNER):
            _remove_irregular(path / name)  # no process holds the folder by a link or a pipe: they are refused
        _remove_held(path)
    except OSError as error:
        raise VidgenBenchError(
            f"{folder} could not be removed: {error.filename}: {error.strerror or error}. What was removed before that is gone; make "
            "the rest writable, then remove the run again."
        ) from error
    with suppress(OSError):  # not empty
        for parent in path.parents:
            if parent == above or not parent.is_relative_to(above):
                break
            parent.rmdir()


def _remove_held(folder: Path) -> None:
    """Remove a folder while this process holds it."""
    lock = acquire(folder / LOCK)
    if lock is None:
        raise busy(folder)
    try:
        Ownership(folder).take()
        _empty(folder)
        for name in (OWNER, LOCK):
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()
    finally:
        lock.release()


def _absolute(path: Path) -> Path:
    """Return an absolute path without ``..``, links kept."""
    return Path(os.path.abspath(path))


def _remove_irregular(path: Path) -> None:
    """Remove a link, pipe, socket or device; files and folders stay."""
    with suppress(FileNotFoundError):
        mode = os.lstat(path).st_mode
        if irregular(mode) and not stat.S_ISDIR(mode):
            path.unlink()


def _empty(folder: Path) -> None:
    """Remove all that is in a folder but its lock and its owner's token."""
    names = sorted(os.listdir(folder), key=lambda name: (name not in _FIRST, name == "request.json"))
    for name in names:
        if name in (OWNER, LOCK):
            continue
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
