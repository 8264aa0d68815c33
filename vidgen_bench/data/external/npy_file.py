"""An .npy file of clips, read by ordinary reads: its writer may shorten it, where a memory map would end the process."""

from __future__ import annotations

import math
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from vidgen_bench.data.external.arrays import Block, HeldBlock
from vidgen_bench.data.external.source import CLIP_BYTES
from vidgen_bench.errors import DataError, VidgenBenchError
from vidgen_bench.system.files import read_exactly
from vidgen_bench.system.library_errors import reason
from vidgen_bench.system.npy_header import DAMAGES, Header, read_header


class NpyBlock(Block):
    """The array of an open .npy file in C order.

    Raises:
        VidgenBenchError: the file ends before a clip that is read.
    """

    def __init__(self, path: Path, file: BinaryIO, header: Header) -> None:
        self.where, self.shape, self.dtype = path.name, header.shape, header.dtype.name
        self._path, self._file, self._header = path, file, header
        self._clip_shape = self.shape[1:] if len(self.shape) == 5 else self.shape

    def clip(self, index: int) -> NDArray[np.generic]:
        out = np.empty(self._clip_shape, self._header.dtype)
        offset = self._header.length + index * self._header.dtype.itemsize * math.prod(self._clip_shape)
        try:
            whole = read_exactly(self._file, out, offset)
        except OSError as error:
            raise VidgenBenchError(f"{self._path} cannot be read: {error.strerror or error}.") from None
        if not whole:
            raise VidgenBenchError(
                f"{self._path} became shorter while it was read. Wait until the program that writes it has ended, then run again."
            )
        return out


def open_npy(path: Path) -> list[Block]:
    """Return the array of an .npy file; clips are read on demand.

    Raises:
        DataError: the file is not an .npy file, is truncated, or contains Python objects, which are never loaded.
    """
    try:
        file = path.open("rb", buffering=0)
        header = read_header(file, path.stat().st_size)
        if header.dtype.hasobject:
            raise ValueError("object")
        if not header.fortran or len(header.shape) < 2:
            return [NpyBlock(path, file, header)]
        with file:  # in Fortran order every clip is spread over the whole file
            if header.file_size > CLIP_BYTES:
                raise ValueError("it is in Fortran order and large; save numpy.ascontiguousarray(...) of it")
            file.seek(0)
            return [HeldBlock(path.name, np.lib.format.read_array(file, allow_pickle=False))]
    except DAMAGES as error:
        why = "it contains Python objects" if "object" in str(error) else reason(error)
        raise DataError(f"{path}: cannot be read as an array ({why}). Save a plain array with numpy.save.") from None
