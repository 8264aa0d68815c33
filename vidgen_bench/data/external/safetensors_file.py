"""A .safetensors file of clips, read by ordinary reads, like an .npy file; the library would map it into memory."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from vidgen_bench.data.external.arrays import Block, chosen
from vidgen_bench.data.external.npy_file import NpyBlock
from vidgen_bench.errors import DataError
from vidgen_bench.system.library_errors import reason
from vidgen_bench.system.npy_header import Header
from vidgen_bench.system.parsing import parse_json_text

_TYPES = {
    "U8": ("uint8", "u1"),
    "F16": ("float16", "<f2"),
    "BF16": ("bfloat16", "<u2"),
    "F32": ("float32", "<f4"),
    "F64": ("float64", "<f8"),
}
"""Our name of each type, and the one that numpy reads."""


class TensorBlock(NpyBlock):
    """One tensor of an open .safetensors file; bfloat16 becomes float32."""

    def __init__(self, path: Path, file: BinaryIO, name: str, shape: tuple[int, ...], kind: str, begin: int) -> None:
        ours, stored = _TYPES.get(kind, (kind, "u1"))  # another type is refused by its name
        super().__init__(path, file, Header(shape, np.dtype(stored), False, begin))
        self.where, self.dtype = f"{path.name} ({name})", ours

    def clip(self, index: int) -> NDArray[np.generic]:
        values = super().clip(index)
        return (values.astype(np.uint32) << 16).view(np.float32) if self.dtype == "bfloat16" else values


def open_safetensors(path: Path) -> list[Block]:
    """Return the only tensor of a .safetensors file, or the one with a name in ``NAMES``.

    Raises:
        DataError: the file is not a .safetensors file, or is truncated.
        RequestError: the file has several tensors, and none or several have a name in ``NAMES``.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as checked:
            name = chosen(list(checked.keys()), path)
        file = path.open("rb", buffering=0)
        length = int.from_bytes(file.read(8), "little")
        entry = parse_json_text(file.read(length))[name]
        shape, begin = tuple(map(int, entry["shape"])), 8 + length + int(entry["data_offsets"][0])
        return [TensorBlock(path, file, name, shape, entry["dtype"], begin)]
    except (SafetensorError, OSError, ValueError, LookupError, TypeError) as error:
        raise DataError(f"{path}: cannot be read as safetensors ({reason(error)}). Write it again.") from None
