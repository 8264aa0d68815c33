"""Durable writes: a file is synchronised under a temporary name, then renamed, so that it is never seen half written."""

from __future__ import annotations

import contextlib
import glob
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.system.faults import fix_of_writing
from vidgen_bench.system.regular_files import irregular, require_folders, require_regular

if TYPE_CHECKING:
    from numpy.typing import NDArray

if sys.platform != "win32":
    import fcntl

SWEPT_AFTER, FORGOTTEN_AFTER = 60.0, 7 * 86400.0
"""Seconds after which a temporary file is swept: its writer is known to be dead, or that cannot be known."""


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn an OSError while writing ``path`` (such as a full disk) into an error that names the path."""
    try:
        yield
    except OSError as error:
        raise VidgenBenchError(
            f"{path} could not be written: {error.strerror or error}. The previous content is intact. {fix_of_writing(error)}, "
            "then run again."
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
        _sweep(path)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                _lock(stream.fileno())
                write(stream)
                sync_file(stream)
            os.chmod(name, _mode(path))
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _mode(path: Path) -> int:
    """Return the permission bits for a file that replaces this one: its own, or those of a new file."""
    try:
        return os.lstat(path).st_mode & 0o777
    except FileNotFoundError:
        return 0o666 & ~umask()


def _lock(handle: int) -> bool:
    """Take the advisory lock of an open file until it is closed; return whether that was possible."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # another process has it, or the file system has no locks
        return False
    return True


def _sweep(path: Path) -> None:
    """Delete the temporary files that killed writers of ``path`` left: those that are old, and whose writer holds no lock."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with contextlib.suppress(OSError):
            age = time.time() - part.lstat().st_mtime
            handle = os.open(part, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
            try:
                if irregular(os.fstat(handle).st_mode):
                    continue
                if age > (SWEPT_AFTER if _lock(handle) else FORGOTTEN_AFTER):
                    part.unlink()
            finally:
                os.close(handle)


def write_bytes(path: Path, content: bytes, *, below: Path | None = None) -> None:
    """Write a file atomically; see :func:`write_whole`."""
    write_whole(path, lambda stream: stream.write(content), below=below)


def write_text(path: Path, text: str, *, below: Path | None = None) -> None:
    """Write a UTF-8 text file atomically; bytes of a file name that are not UTF-8 become "?", so that no result is lost over them."""
    write_bytes(path, text.encode(errors="replace"), below=below)


def readable_name(name: str) -> str:
    """Return a file's name with U+FFFD for bytes that are not UTF-8, which Python keeps as surrogates that no file can hold."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


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


def read_exactly(file: BinaryIO, out: NDArray[Any], offset: int) -> bool:
    """Fill a contiguous array with the bytes from ``offset`` on; return whether the file, which must be unbuffered, has that many."""
    file.seek(offset)
    rest = memoryview(out.reshape(-1).view("u1").data)
    while rest:
        count = file.readinto(rest)  # type: ignore[attr-defined]
        if not count:
            return False
        rest = rest[count:]
    return True
