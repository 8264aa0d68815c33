"""The format of a weights file, recognised by its content rather than its name, and its bytes as a view of the file."""

from __future__ import annotations

import mmap
import struct
import zipfile
from pathlib import Path
from typing import Literal

from vidgen_bench.errors import RecordError
from vidgen_bench.system.regular_files import require_regular

Content = Literal[
    "npz", "npy", "caffe model", "caffe blob", "pytorch", "pickle", "hdf5", "safetensors", "text", "unknown"
]

_MAGIC: tuple[tuple[bytes, Content], ...] = (
    (b"\x93NUMPY", "npy"),
    (b"\x89HDF", "hdf5"),
    (b"\x80", "pickle"),
    (b"\x08", "caffe blob"),  # field 1, a number: num
    (b"\x2a", "caffe blob"),  # field 5, bytes: stock Caffe's data
    (b"\x0a", "caffe model"),  # field 1, bytes: the net's name
    (b"\x12", "caffe model"),  # field 2, bytes: its first layer
)


def content_of(path: Path, expected: str) -> Content:
    """Return the format of a file.

    Protocol buffers have no magic number: their first field decides here, and the reader checks the rest.

    Args:
        path: any file.
        expected: the valid files, for errors.
    Raises:
        RecordError: the file cannot be read.
    """
    require_regular(path, follow=True)
    try:
        with path.open("rb") as stream:
            head = stream.read(512)
        if head.startswith(b"PK"):
            return _archive(path)
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror or error}. Expected {expected}.") from None
    if head[8:9] == b"{" and 0 < int.from_bytes(head[:8], "little") < 1 << 30:
        return "safetensors"
    if head and all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head):
        return "text"
    return next((content for magic, content in _MAGIC if head.startswith(magic)), "unknown")


def _archive(path: Path) -> Content:
    """Return the format of a zip archive. A damaged archive counts as an npz, whose reader reports the damage."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error):
        return "npz"
    return "pytorch" if any(name.endswith((".pkl", "/version")) for name in names) else "npz"


def mapped(path: Path, expected: str) -> memoryview:
    """Return the bytes of a file, mapped into memory read-only.

    Raises:
        RecordError: the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    except ValueError:  # nothing to map
        raise RecordError(f"{path} is empty. Expected {expected}.") from None
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror or error}. Expected {expected}.") from None
