"""Find files in folders, with the size and time that tell whether a file has changed since it was indexed."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from vidgen_bench.records.folder_name import is_put_aside

UNKNOWN = -1
"""The size of a file that cannot be examined."""


class FoundFile(NamedTuple):
    """A file below a searched folder."""

    path: Path
    """The path, which begins with the searched folder as it was given."""
    target: str
    """The absolute path without symbolic links, except for a file that is a link itself: equal for two paths of one file."""
    size: int
    mtime_ns: int


def files_below(
    root: Path,
    wanted: Callable[[str], bool],
    unreadable: Callable[[OSError], object],
    skipped: Collection[str] = (),
) -> Iterator[FoundFile]:
    """Yield the visible files with a wanted name at any depth below a folder, or the file ``root`` itself, whatever its name.

    Runs that were put aside are left out, unless ``root`` is one. Symbolic links to folders are not followed; links to files are yielded
    as such, and their reader refuses them. A folder's real path is looked up once, not once per file.

    Args:
        unreadable: called for a folder that cannot be searched.
        skipped: names of folders directly below ``root`` that are not searched.
    """
    real = os.path.realpath(root)
    if root.is_file():
        yield _examined(real if root.is_symlink() else os.fspath(root), real)
        return
    folders = [(os.fspath(root), real)]
    while folders:
        folder, place = folders.pop()
        try:
            with os.scandir(folder) as listing:
                entries = list(listing)
        except OSError as error:
            unreadable(error)
            continue
        top, inside = place == real, os.path.join(place, "")
        for entry in entries:
            name = entry.name
            if name.startswith("."):
                continue
            if _is_folder(entry):
                if not entry.is_symlink() and not (top and name in skipped) and not is_put_aside(name):
                    folders.append((entry.path, inside + name))
            elif wanted(name):
                yield _examined(entry.path, inside + name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _examined(path: str, target: str) -> FoundFile:
    """Return a file with its size and time; one that is gone, unreadable or no regular file has no size and is never in the index."""
    try:
        found = os.lstat(target)
    except OSError:
        return FoundFile(Path(path), target, UNKNOWN, 0)
    if not stat.S_ISREG(found.st_mode):
        return FoundFile(Path(path), target, UNKNOWN, 0)
    return FoundFile(Path(path), target, found.st_size, found.st_mtime_ns)
