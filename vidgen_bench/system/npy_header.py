"""The header of an .npy file, read and checked before any memory is allocated for the array."""

from __future__ import annotations

import io
import lzma
import math
import struct
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO

import numpy as np

DAMAGES: tuple[type[Exception], ...] = (
    OSError,
    ValueError,
    EOFError,
    SyntaxError,
    tokenize.TokenError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
"""Exceptions that numpy and zipfile raise for a damaged, truncated, encrypted or unsupported file."""

LONGEST = 10_000
"""Bytes of the longest header; numpy parses no longer one."""


@dataclass(frozen=True)
class Header:
    """Shape and type of an array, and the length of its header."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    fortran: bool
    length: int
    """Bytes before the first value."""

    @property
    def file_size(self) -> int:
        """Bytes that the whole file must have; pickled Python objects have no known size and count as 0."""
        return self.length + (0 if self.dtype.hasobject else self.dtype.itemsize * math.prod(self.shape))

    def wrong_size(self, size: int) -> str:
        """Return the error text for a file whose size does not match."""
        return f"its shape {list(self.shape)} needs {self.file_size:,} bytes, the file has {size:,}"


def read_header(stream: IO[bytes], size: int) -> Header:
    """Return the header of an .npy file; the stream is then at the first value.

    Args:
        stream: at the start of the file.
        size: bytes of the file; for a member of a zip, its declared size.
    Raises:
        ValueError: not an .npy file, the header cannot be read, or the array needs more bytes than the file has.
        OSError: the file cannot be read.
    """
    try:
        begin = stream.read(np.lib.format.MAGIC_LEN)
        version = np.lib.format.read_magic(io.BytesIO(begin))
        if version not in ((1, 0), (2, 0)):
            raise ValueError("it has named fields")
        one = version == (1, 0)
        size_field = stream.read(2 if one else 4)
        text_size = int.from_bytes(size_field, "little")
        if text_size > LONGEST:  # numpy would read it before it checks this
            raise ValueError(f"its header is damaged: it would take {text_size:,} bytes, at most {LONGEST:,} are read")
        read = np.lib.format.read_array_header_1_0 if one else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(io.BytesIO(size_field + stream.read(text_size)))
    except (OSError, ValueError):
        raise
    except DAMAGES as error:
        raise ValueError(f"its header is damaged: {error.args[0] if error.args else type(error).__name__}") from None
    if min(shape, default=0) < 0:
        raise ValueError(f"its header is damaged: it gives the shape {list(shape)}")
    header = Header(shape, dtype, fortran, len(begin) + len(size_field) + text_size)
    if header.file_size > size:
        raise ValueError(header.wrong_size(size))
    return header
