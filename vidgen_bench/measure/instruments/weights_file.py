"""Checks, hashes and reads the weights file that an instrument declaration names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from vidgen_bench.errors import RecordError, RequestError, did_you_mean


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
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def contents(path: Path) -> bytes:
    """Return the bytes of a weights file.

    Raises:
        RecordError: the file cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordError(f"The weights file {path} cannot be read: {error.strerror or error}.") from None
