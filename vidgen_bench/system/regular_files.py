"""Files inside a run folder, cache or store, opened as regular files of that folder.

Such a folder may come from somebody else. Its links are not followed, and its pipes and devices are not opened: a link named
``trace.jsonl`` would otherwise empty the file that it leads to, and a pipe named ``record.json`` would wait for ever.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from vidgen_bench.errors import RecordError, UnreadableError

MOST = 2**26
"""The largest JSON file that is read unless a call allows more, in bytes."""

_FLAGS = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"))
"""A link is refused by the system call itself, and a pipe without a writer does not block; a system may lack some of them."""

_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def irregular(mode: int) -> str | None:
    """Return what a file is if it is not a regular file, such as ``"a symbolic link"``; None for a regular file."""
    if stat.S_ISREG(mode):
        return None
    return next((words for matches, words in _KINDS if matches(mode)), "a special file")


def is_there(path: Path) -> bool:
    """Return whether a folder has an entry with this path; a link that leads nowhere counts.

    Raises:
        UnreadableError: the folder may not be searched, so nobody knows.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise unreadable(path, error) from None
    return True


def require_folders(path: Path, below: Path) -> None:
    """Check that every folder between ``below`` and ``path``, both included in the path as given, is a real folder.

    Args:
        path: a folder inside ``below``; it need not exist yet.
        below: the folder that the user gave. It may be a link itself.
    Raises:
        RecordError: one of them is a link or not a folder, or the path leads out of ``below``.
    """
    parts = path.relative_to(below).parts if path.is_relative_to(below) else ("..",)
    if ".." in parts:
        raise RecordError(f"{path} leads out of the folder {below}; expected a path inside it.")
    folder = below
    for part in parts:
        folder /= part
        mode = _mode(folder)
        if mode is None:
            return
        if not stat.S_ISDIR(mode):
            raise RecordError(
                f"{folder} is {irregular(mode) or 'a file'}; expected a folder. Links inside {below} are not followed, and nothing was "
                f"written through this one. Put the folder itself there; {below} may be a link."
            )


def require_regular(path: Path, *, follow: bool = False) -> None:
    """Check that a path is a regular file, or that nothing has this path.

    Raises:
        RecordError: it is a link, folder, pipe, socket or device; the message names it.
    """
    mode = _mode(path, follow=follow)
    if mode is not None and (what := irregular(mode)) is not None:
        raise _refused(path, what)


@contextmanager
def reading(path: Path, *, below: Path | None = None, follow: bool = False) -> Iterator[BufferedReader]:
    """Open a regular file for reading for the length of the block.

    Args:
        path: the file.
        below: the folder whose inner folders must not be links either; only the file itself is checked without it.
        follow: follow a link to a regular file, for files that an installer may have linked.
    Raises:
        FileNotFoundError: there is no such file.
        RecordError: it is a link, folder, pipe, socket or device, or a folder above it is a link.
        UnreadableError: it may not be read, or the disk fails, now or within the block.
    """
    try:
        with os.fdopen(_opened(path, os.O_RDONLY, below, follow), "rb") as stream:
            yield stream
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(error.errno, os.strerror(error.errno or 0), str(path)) from None
    except OSError as error:
        if error.errno is None:  # a library's word for damaged content
            raise
        raise unreadable(path, error) from None


def read_file(path: Path, *, below: Path | None = None, most: int = MOST) -> bytes:
    """Return the bytes of a regular file of at most ``most`` bytes; see :func:`reading`.

    Raises:
        FileNotFoundError: there is no such file.
        RecordError: as for :func:`reading`, or the file is larger.
        UnreadableError: it may not be read, or the disk fails.
    """
    with reading(path, below=below) as stream:
        size = os.fstat(stream.fileno()).st_size
        content = stream.read(most + 1) if size <= most else b""
    if max(size, len(content)) > most:
        raise RecordError(f"{path} has {max(size, len(content)):,} bytes; expected at most {most:,}.")
    return content


def require_one_name(path: Path) -> None:
    """Check that a file that is about to be changed in place has no second name, or is empty, or that nothing has this path.

    A file that is replaced needs no such check: its other names keep the old content.

    Raises:
        RecordError: the file has another name, elsewhere, whose content would change too.
    """
    try:
        status = os.lstat(path)
    except OSError:  # it is missing, or opening it will say what is wrong
        return
    if stat.S_ISREG(status.st_mode) and status.st_nlink > 1 and status.st_size:
        raise RecordError(
            f"{path} has {status.st_nlink} names (hard links); expected one, since a file elsewhere would be changed with it. Nothing was "
            "written. Put a copy of the file there."
        )


@contextmanager
def appending(path: Path, *, below: Path | None = None) -> Iterator[BinaryIO]:
    """Open a regular file for appending for the length of the block, and make it if it is missing; nothing is truncated.

    Raises:
        RecordError: it is a link, folder, pipe, socket or device, or has a second name, or a folder above it is a link.
        OSError: it cannot be opened or written.
    """
    require_one_name(path)
    with os.fdopen(_opened(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, below), "a+b") as stream:
        yield stream


def unreadable(path: Path, error: OSError) -> UnreadableError:
    """Return the error for a file that the system does not let us read; its content may be whole, so no advice deletes it."""
    reason = error.strerror or str(error)
    return UnreadableError(f"{path} could not be read: {reason}. It may be intact: make it readable, then run again.")


def _opened(path: Path, flags: int, below: Path | None, follow: bool = False) -> int:
    """Return a descriptor of a regular file; it is checked before, so that no device is opened, and after, so that none slips in."""
    if below is not None:
        require_folders(path.parent, below)
    require_regular(path, follow=follow)
    descriptor = os.open(path, flags | (_FLAGS & ~getattr(os, "O_NOFOLLOW", 0) if follow else _FLAGS), 0o666)
    if (what := irregular(os.fstat(descriptor).st_mode)) is not None:
        os.close(descriptor)
        raise _refused(path, what)
    return descriptor


def _mode(path: Path, *, follow: bool = False) -> int | None:
    try:
        return (os.stat(path) if follow else os.lstat(path)).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unreadable(path, error) from None


def _refused(path: Path, what: str) -> RecordError:
    instead = "Put the file itself there" if what == "a symbolic link" else "Put a file there"
    return RecordError(
        f"{path} is {what}; expected a regular file. Nothing was read from it or written to it. {instead}."
    )
