"""Durable writes: a file is synchronised under a temporary name, then renamed, so that it is never seen half written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.system.regular_files import require_folders, require_regular


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn an OSError while writing ``path`` (such as a full disk) into an error that names the path."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise VidgenBenchError(
            f"{path} could not be written: {reason}. The previous content is intact. Free disk space or make it writable, then run again."
        ) from error


def write_whole(path: Path, write: Callable[[BinaryIO], object], *, below: Path | None = None) -> None:
    """Write a file by ``write(stream)`` atomically: readers see the old content or the new, never a part of it.

    Args:
        path: the file.
        write: writes the content to a stream.
        below: the folder whose inner folders must not be links; only the file itself is checked without it.
    Raises:
        RecordError: the path is a link, pipe or device, or a folder above it is a link; nothing is written. Files that the user names
            go through :func:`vidgen_bench.system.output_file.write_output`.
        VidgenBenchError: the disk is full or the folder is not writable; the old file is kept.
    """
    if below is not None:
        require_folders(path.parent, below)
    require_regular(path)
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                write(stream)
                sync_file(stream)
            os.chmod(name, 0o666 & ~umask())
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def write_bytes(path: Path, content: bytes, *, below: Path | None = None) -> None:
    """Write a file atomically; see :func:`write_whole`."""
    write_whole(path, lambda stream: stream.write(content), below=below)


def write_text(path: Path, text: str, *, below: Path | None = None) -> None:
    """Write a UTF-8 text file atomically; see :func:`write_whole`."""
    write_bytes(path, text.encode(), below=below)


def sync_file(file: IO[Any]) -> None:
    """Block until everything written to ``file`` is on disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Block until the directory entries of ``folder`` are on disk; does nothing if the platform cannot do that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def umask() -> int:
    """Return this process's umask: the permission bits that new files do not get (it can only be read by setting it)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
