"""Files that the user names, as in ``--output FILE``: a link, pipe or device keeps its place and gets the text."""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from vidgen_bench.errors import RequestError
from vidgen_bench.system.files import disk_errors, write_whole

Save = Callable[[Path, Callable[[BinaryIO], object]], object]
"""Writes a file by ``write(stream)``: :func:`write_output`, or :func:`~vidgen_bench.system.files.write_whole` in our own folders."""


def write_output(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file that the user named by ``write(stream)``.

    A regular or new file is replaced atomically, and so is the regular file that a link leads to. What is no regular file, such as
    ``/dev/stdout`` or a named pipe, is written through.

    Raises:
        RequestError: the path is a folder.
        VidgenBenchError: it cannot be written; a regular file keeps its old content.
    """
    with disk_errors(path):
        mode = _mode(path)
        if mode is not None and stat.S_ISDIR(mode):
            raise RequestError(f"{path} is a folder; expected a file to write, such as {path / 'output'}.")
        whole = (mode is None or stat.S_ISREG(mode)) and _descriptor(path) is None
    if whole:
        write_whole(destination(path), write)
        return
    memory = io.BytesIO()  # a pipe cannot be rewound, and gets nothing if the content cannot be made
    write(memory)
    _write_through(path, memory.getbuffer())


def destination(path: Path) -> Path:
    """Return the file that a link leads to; another path is returned as it is."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def is_standard_output(path: Path) -> bool:
    """Return whether a path is another name of this process's standard output: ``/dev/stdout``, or the terminal."""
    return _descriptor(path) == 1


def _descriptor(path: Path) -> int | None:
    """Return the open file of this process that a path is another name of: 1 for ``/dev/stdout``, N for ``/dev/fd/N``."""
    if path.is_file() and not path.is_symlink():
        return None  # a regular file is replaced, whoever else writes to it
    numbered = str(path.parent) in ("/dev/fd", "/proc/self/fd") and path.name.isdecimal()
    for number in (1, 2, *([int(path.name)] if numbered else ())):
        try:
            if os.path.samestat(os.stat(path), os.fstat(number)):
                return number
        except OSError:  # closed, or the path does not exist
            continue
    return None


def _mode(path: Path) -> int | None:
    """Return the mode of what a path leads to; None if nothing is there yet."""
    try:
        return os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def _write_through(path: Path, content: memoryview) -> None:
    for printed in (sys.stdout, sys.stderr):
        if printed is not None:
            printed.flush()  # what was printed before comes first, and another descriptor would write over it
    number = _descriptor(path)
    with disk_errors(path), open(path, "wb") if number is None else os.fdopen(os.dup(number), "wb") as stream:
        stream.write(content)
