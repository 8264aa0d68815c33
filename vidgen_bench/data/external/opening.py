"""Opens a path or an array as a source of clips."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vidgen_bench.api import Report
from vidgen_bench.data.external.arrays import (
    PIXEL_TYPES,
    Arrays,
    Block,
    HeldBlock,
    wrong_type,
)
from vidgen_bench.data.external.folders import STILLS, VIDEOS, open_folder
from vidgen_bench.data.external.layout import checked_layout
from vidgen_bench.data.external.npy_file import open_npy
from vidgen_bench.data.external.safetensors_file import open_safetensors
from vidgen_bench.data.external.source import Source
from vidgen_bench.data.external.value_range import checked_range
from vidgen_bench.data.external.zipped import open_npz, open_zip
from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
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
    path: str | Path,
    *,
    layout: str | None = None,
    value_range: str | None = None,
    follow_links: bool = False,
    report: Report = _silent,
    check: Callable[[Source], object] = lambda source: None,
) -> Source:
    """Return the clips of a folder of videos, a folder of picture folders, or an array file; clips are read on demand.

    Args:
        path: a folder of .mp4, .avi, .gif and .webp files; a folder with one subfolder of .png or .jpg files per clip; or an
            .npy, .npz or .safetensors file, or a .zip of .npy files.
        layout: order of an array's axes, ``NTHWC``, ``NCTHW`` or ``NTCHW``; required only if its shape is ambiguous.
        value_range: range of float pixels, ``-1,1``, ``0,1`` or ``0,255``; required only if the values are ambiguous.
        follow_links: whether links in the folder may lead out of it.
        report: called with progress while the files are checked.
        check: called with an array file's clips before their values are read; raises if their shape is of no use.
    Raises:
        RequestError: the file does not exist, its format is not supported, or the array is ambiguous.
        DataError: a file is damaged.
    """
    path = Path(path)
    known_layout, known_range = checked_layout(layout), checked_range(value_range)
    try:
        folder, file = path.is_dir(), path.is_file()
    except (OSError, ValueError) as error:
        raise RequestError(f"{path} cannot be read: {error}.") from None
    if folder:
        if layout is not None or known_range not in (None, "0,255"):
            raise RequestError(f"{path} is a folder of videos or pictures; --layout and --range are for arrays only.")
        return open_folder(path, report, follow_links=follow_links)
    if not file:
        raise RequestError(f"There is no file or folder {path}.")
    suffix = path.suffix.lower()
    if suffix not in _ARRAYS:
        raise RequestError(_why_not(path, suffix))
    return Arrays(suffix[1:], _ARRAYS[suffix](path), known_layout, known_range, report, check)


def source_of(
    array: np.ndarray | Tensor, *, layout: str | None = None, value_range: str | None = None, report: Report = _silent
) -> Source:
    """Return the clips of an array or tensor in memory; options and errors are those of :func:`open_source`."""
    import torch

    held: Any = array
    if not isinstance(held, torch.Tensor | np.ndarray):
        raise RequestError(f"Expected a path, a NumPy array or a tensor of clips; found {type(held).__name__}.")
    if isinstance(held, np.ma.MaskedArray):
        raise RequestError(
            "The array is masked; masked pixels have no colour. Fill them with array.filled(value), or leave those clips out."
        )
    if isinstance(held, torch.Tensor):
        held = _checked_tensor(held).detach().cpu().resolve_neg()
        held = (held.float() if held.dtype == torch.bfloat16 else held).numpy()
    block = HeldBlock("the array", held)
    return Arrays("array", [block], checked_layout(layout), checked_range(value_range), report)


def _checked_tensor(tensor: Tensor) -> Tensor:
    """Return the tensor if it is dense and has a pixel type.

    Raises:
        RequestError: the tensor is on the meta device, sparse, nested or quantised, or its type cannot hold pixels.
    """
    import torch

    if tensor.is_meta:
        raise RequestError("The tensor is on the meta device, so it has no values. Pass one on cpu or cuda.")
    for unusual, kind, instead in (
        (tensor.is_quantized, "quantised", "tensor.dequantize()"),
        (tensor.is_nested, "nested", "torch.stack(...)"),
        (tensor.layout != torch.strided, str(tensor.layout), "tensor.to_dense()"),
    ):
        if unusual:
            raise RequestError(
                f"The tensor is {kind}; expected a dense one, [N, 3, T, H, W]. Convert it with {instead}."
            )
    name = str(tensor.dtype).removeprefix("torch.")
    if name not in PIXEL_TYPES:
        raise RequestError(wrong_type("the tensor", name))
    return tensor


def _why_not(path: Path, suffix: str) -> str:
    if suffix in _PICKLES:
        return (
            f"{path} is a pickle, which can run code when loaded; pickles are not read. Save the clips with numpy.save."
        )
    if suffix in (*VIDEOS, *STILLS):
        return f"{path} is a single file; expected the folder that contains all clips."
    subject = f"the format {suffix} is" if suffix else "a file without a suffix is"
    return (
        f"{path}: {subject} not supported; expected a folder of {', '.join(VIDEOS)} or of picture folders, or a file "
        f"{', '.join(_ARRAYS)}."
    )
