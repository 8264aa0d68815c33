"""What a file of numpy's says that its array is, read and doubted before any memory is set aside for it."""

from __future__ import annotations

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
"""What numpy and zipfile raise of a damaged, truncated, encrypted or oddly compressed file."""


@dataclass(frozen=True)
class Header:
    """Shape and type of an array, and where its values begin."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    fortran: bool
    length: int
    """Bytes before the first value."""

    @property
    def promised(self) -> int:
        """Bytes that the whole file must have; Python objects, which are pickled, promise none."""
        return self.length + (0 if self.dtype.hasobject else self.dtype.itemsize * math.prod(self.shape))

    def misfit(self, size: int) -> str:
        """Return what there is to say where the file has another size."""
        return f"its shape {list(self.shape)} asks for {self.promised:,} bytes, it has {size:,}"


def read_header(stream: IO[bytes], size: int) -> Header:
    """Return what an .npy file says of its array; the stream then stands at the first value.

    Args:
        stream: at the start of the file.
        size: bytes of the file; of a zip's member, as the zip declares them.
    Raises:
        ValueError: it is no .npy file, its header cannot be read, or it promises more than the file has.
        OSError: the file cannot be read.
    """
    try:
        version = np.lib.format.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ValueError("it holds named fields")
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(stream)
    except (OSError, ValueError):
        raise
    except DAMAGES as error:
        raise ValueError(f"its header is damaged: {error.args[0] if error.args else type(error).__name__}") from None
    if min(shape, default=0) < 0:
        raise ValueError(f"its header is damaged: it gives the shape {list(shape)}")
    header = Header(shape, dtype, fortran, stream.tell())
    if header.promised > size:
        raise ValueError(header.misfit(size))
    return header
