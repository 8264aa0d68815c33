"""From a path to a source of clips."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidgen_bench.api import Report
from vidgen_bench.data.external.arrays import (
    PIXEL_TYPES,
    Arrays,
    Block,
    HeldBlock,
    open_npy,
    open_safetensors,
    wrong_type,
)
from vidgen_bench.data.external.folders import STILLS, VIDEOS, open_folder
from vidgen_bench.data.external.layout import checked_layout
from vidgen_bench.data.external.source import Source
from vidgen_bench.data.external.value_range import checked_range
from vidgen_bench.data.external.zipped import open_npz, open_zip
from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

_ARRAYS: dict[str, Callable[[Path], list[Block]]] = {
    ".npy": open_npy,
    ".npz": open_npz,
    ".zip": open_zip,
    ".safetensors": open_safetensors,
}
_PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt")


def _silent(what: str, done: int, total: int) -> None:
    """Report nothing."""


def open_source(
    path: str | Path, *, layout: str | None = None, value_range: str | None = None, report: Report = _silent
) -> Source:
    """Return the clips of a folder of videos, a folder of picture folders, or an array file; no clip is kept in memory.

    Args:
        path: a folder of .mp4, .avi, .gif and .webp, or of one folder of .png or .jpg a clip; or an .npy, .npz, .safetensors, or
            .zip of .npy.
        layout: order of an array's axes, ``NTHWC``, ``NCTHW`` or ``NTCHW``; needed only where its shape leaves a doubt.
        value_range: what float values stand for, ``-1,1``, ``0,1`` or ``0,255``; needed only where they leave a doubt.
        report: called while the files are looked at.
    Raises:
        RequestError: no such file, a kind that is not read, or an array that could be understood in several ways.
        DataError: a file is damaged.
    """
    path = Path(path)
    known_layout, known_range = checked_layout(layout), checked_range(value_range)
    try:
        folder, file = path.is_dir(), path.is_file()
    except (OSError, ValueError) as error:
        raise RequestError(f"{path} cannot be read: {error}.") from None
    if folder:
        if layout is not None or value_range is not None:
            raise RequestError(
                f"{path} is a folder of videos or pictures, which are 8-bit: --layout and --range are for arrays."
            )
        return open_folder(path, report)
    if not file:
        raise RequestError(f"There is no file or folder {path}.")
    suffix = path.suffix.lower()
    if suffix not in _ARRAYS:
        raise RequestError(_why_not(path, suffix))
    return Arrays(suffix[1:], _ARRAYS[suffix](path), known_layout, known_range, report)


def source_of(
    array: np.ndarray | Tensor, *, layout: str | None = None, value_range: str | None = None, report: Report = _silent
) -> Source:
    """Return the clips of an array or tensor in memory; arguments and refusals as of :func:`open_source`."""
    import numpy
    import torch

    held: Any = array
    if not isinstance(held, torch.Tensor | numpy.ndarray):
        raise RequestError(
            f"expected a path, a NumPy array or a tensor of clips; {type(held).__name__} is none of these."
        )
    if isinstance(held, numpy.ma.MaskedArray):
        raise RequestError(
            "The array is masked, and nobody can tell the colour of a masked pixel. Fill it by array.filled(value), or leave those "
            "clips out."
        )
    if isinstance(held, torch.Tensor):
        held = _checked_tensor(held).detach().cpu().resolve_neg()
        held = (held.float() if held.dtype == torch.bfloat16 else held).numpy()
    block = HeldBlock("the array", held)
    return Arrays("array", [block], checked_layout(layout), checked_range(value_range), report)


def _checked_tensor(tensor: Tensor) -> Tensor:
    """Return a tensor whose values lie in memory, one beside the other, as plain numbers.

    Raises:
        RequestError: it is on the meta device, sparse, nested or quantised, or of a type that is no pixel's.
    """
    import torch

    if tensor.is_meta:
        raise RequestError("The tensor is on the device meta, where it has no values. Give one of cpu or cuda.")
    if tensor.layout != torch.strided or tensor.is_nested or tensor.is_quantized:
        kind = "quantised" if tensor.is_quantized else "nested" if tensor.is_nested else str(tensor.layout)
        instead = (
            "tensor.dequantize()"
            if tensor.is_quantized
            else "torch.stack(...)"
            if tensor.is_nested
            else "tensor.to_dense()"
        )
        raise RequestError(f"The tensor is {kind}; expected a dense one, [N, 3, T, H, W]. {instead} makes it one.")
    name = str(tensor.dtype).removeprefix("torch.")
    if name not in PIXEL_TYPES:
        raise RequestError(wrong_type("the tensor", name))
    return tensor


def _why_not(path: Path, suffix: str) -> str:
    if suffix in _PICKLES:
        return f"{path} is a pickle, which may run any code when it is loaded, and is not read. Save the clips by numpy.save."
    if suffix in (*VIDEOS, *STILLS):
        return f"{path} is one file; expected the folder of all the clips."
    return (
        f"{path} is of no kind that is read; expected a folder of {', '.join(VIDEOS)} or of picture folders, or a file "
        f"{', '.join(_ARRAYS)}."
    )
