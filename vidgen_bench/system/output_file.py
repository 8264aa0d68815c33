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
        whole = (mode is None or stat.S_ISREG(mode)) and not is_standard_output(path)
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
    try:
        named = path.is_symlink() or not path.is_file()  # a regular file is replaced, whoever else writes to it
        return named and os.path.samestat(os.stat(path), os.fstat(1))
    except OSError:  # closed, or the path does not exist
        return False


def _mode(path: Path) -> int | None:
    """Return the mode of what a path leads to; None if nothing is there yet."""
    try:
        return os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def _write_through(path: Path, content: memoryview) -> None:
    if sys.stdout is not None:
        sys.stdout.flush()  # what was printed before comes first, and another descriptor would write over it
    with disk_errors(path), os.fdopen(os.dup(1), "wb") if is_standard_output(path) else open(path, "wb") as stream:
        stream.write(content)
