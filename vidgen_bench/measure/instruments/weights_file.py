"""Checks, hashes and reads the weights file that an instrument declaration names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from vidgen_bench.errors import RecordError, RequestError, did_you_mean
from vidgen_bench.system.regular_files import reading


def require_weights(path: Path, name: str, fix: str) -> None:
    """Check that the weights file of an instrument exists.

    Raises:
        RequestError: the file does not exist; the message ends with ``fix``.
    """
    if not path.is_file():
        raise RequestError(f"The instrument {name!r} has no weights at {path}{fix}")


def require_preprocessing(preprocessing: str, name: str, valid: Iterable[str]) -> None:
    """Check that an instrument has a preprocessing.

    Raises:
        RequestError: the instrument does not have it; the message gives the nearest valid name.
    """
    if preprocessing not in valid:
        hint = did_you_mean(preprocessing, valid)
        raise RequestError(f"The instrument {name!r} has no preprocessing {preprocessing!r}.{hint}")


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file, in hex. The file is read again only after its size or modification time changed."""
    status = path.stat()
    return _sha256(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=32)
def _sha256(path: Path, size: int, modified: int) -> str:
    with reading(path, follow=True) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def contents(path: Path) -> bytes:
    """Return the bytes of a weights file; a link is followed, because installers link the files of packages.

    Raises:
        RecordError: the file is missing, or a folder, pipe or device.
        UnreadableError: it may not be read; it may be intact.
    """
    try:
        with reading(path, follow=True) as stream:
            return stream.read()
    except FileNotFoundError as error:
        raise RecordError(f"The weights file {path} cannot be read: {error.strerror}.") from None
