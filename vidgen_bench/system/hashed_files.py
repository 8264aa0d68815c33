"""Files of the cache with their SHA-256 in a second file beside them, ``NAME.sha256``, in the format of ``sha256sum``.

The hash is removed before the file is replaced and written after it, so a kill leaves a file without a hash and never one with that of
another. A file without a hash, such as one of an earlier version, gets its hash when it is first read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from vidgen_bench.errors import DamagedError, VidgenBenchError
from vidgen_bench.system.files import disk_errors, write_text, write_whole
from vidgen_bench.system.regular_files import read_file, reading


def hash_file(path: Path) -> Path:
    """Return the path of the file with the hash of ``path``."""
    return path.with_name(f"{path.name}.sha256")


def write_hashed(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file by ``write(stream)`` and its hash, each atomically.

    Raises:
        VidgenBenchError: the disk is full or the folder is not writable.
    """
    with disk_errors(path):
        hash_file(path).unlink(missing_ok=True)
    write_whole(path, write)
    with reading(path) as stream:
        _keep_hash(path, stream.read())


def read_hashed(path: Path) -> bytes:
    """Return the content of a file that :func:`write_hashed` wrote.

    Raises:
        DamagedError: the file has changed since.
        FileNotFoundError: there is no such file.
        RecordError: it or its hash is a link, pipe or device.
        UnreadableError: it may not be read; it may be intact.
    """
    hashed = hash_file(path)
    with reading(path) as stream:
        content = stream.read()
    try:
        expected = read_file(hashed).decode("ascii", "replace").split()[:1]
    except FileNotFoundError:
        with suppress(VidgenBenchError):  # a cache that is only read
            _keep_hash(path, content)
        return content
    if expected != [hashlib.sha256(content).hexdigest()]:
        raise DamagedError(f"{path} has changed since it was written: its SHA-256 is not the one in {hashed.name}.")
    return content


def delete_hashed(path: Path) -> None:
    """Delete a file and its hash.

    Raises:
        VidgenBenchError: the folder is not writable.
    """
    with disk_errors(path):
        path.unlink(missing_ok=True)
        hash_file(path).unlink(missing_ok=True)


def _keep_hash(path: Path, content: bytes) -> None:
    write_text(hash_file(path), f"{hashlib.sha256(content).hexdigest()}  {path.name}\n")
