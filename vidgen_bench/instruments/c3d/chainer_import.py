"""Makes an instrument file of C3D weights as chainer keeps them (``conv3d_deepnetA_ucf.npz``) and a mean cube (``mean2.npz``)."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch
from numpy.lib.npyio import NpzFile
from torch import Tensor

from vidgen_bench.errors import RecordError
from vidgen_bench.instruments.c3d.network import Layout
from vidgen_bench.instruments.c3d.preprocessing import CUBE
from vidgen_bench.instruments.c3d.weights import Card, write_instrument

_PARTS = {"weight": "W", "bias": "b"}
EXPECTED = "conv3d_deepnetA_ucf.npz of TGAN's and TGANv2's releases: arrays <layer>/W and <layer>/b for conv1a .. conv5b, fc6, fc7, fc8"


def import_chainer(weights: Path, mean: Path, target: Path) -> Card:
    """Write the instrument file ``target`` and return what it says of itself.

    Axes are out, in, T, H, W and out, in on both sides: values are copied. Width, hidden width and classes are read off the shapes.

    Args:
        weights: npz with ``<layer>/W`` and ``<layer>/b``.
        mean: npz with the array ``mean``, (3, 16, 128, 171) or as many values in that order, BGR, 0..255; loaded as float32.
        target: the safetensors file to write.
    Raises:
        RecordError: a file that is none, an array missing, extra, of another shape, not numbers, or not finite.
        VidgenBenchError: the disk is full or the folder cannot be written.
    """
    arrays = _arrays(weights, EXPECTED)
    layout = _layout(weights, arrays)
    tensors = _tensors(weights, layout, arrays)
    card = Card(
        width=layout.width,
        hidden=layout.hidden,
        classes=layout.classes,
        sources={path.name: _sha256(path) for path in (weights, mean)},
        note="imported from chainer's npz",
    )
    write_instrument(target, card, tensors, _mean(mean))
    return card


def _arrays(path: Path, expected: str) -> dict[str, np.ndarray]:
    """Return every array of an npz file; pickles inside are refused, not opened."""
    try:
        file = np.load(path, allow_pickle=False)
        if not isinstance(file, NpzFile):
            raise RecordError(f"{path}: expected {expected}; found a single array (.npy). Save it as npz.")
        with file:
            return {name: _array(path, file, name) for name in file.files}
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror or error}. Expected {expected}.") from None
    except (ValueError, zipfile.BadZipFile, zlib.error, EOFError):
        raise RecordError(
            f"{path} is damaged, or no npz file of plain arrays (pickles are never opened). Expected {expected}."
        ) from None


def _array(path: Path, file: NpzFile, name: str) -> np.ndarray:
    try:
        array = file[name]
    except ValueError:
        raise RecordError(
            f"{path}: the array {name!r} holds Python objects (a pickle), which could run code when opened and is refused. "
            "Save it again as plain numbers."
        ) from None
    if not isinstance(array, np.ndarray):
        raise RecordError(
            f"{path}: its member {name!r} is no array, so it is no npz file of weights. Expected {EXPECTED}."
        )
    if array.dtype.kind != "f":
        raise RecordError(f"{path}: expected the array {name!r} in floating point; found {array.dtype}.")
    return array


def _layout(path: Path, arrays: dict[str, np.ndarray]) -> Layout:
    """Read the free numbers off the first convolution and the last two matrices."""
    first = {}
    for name in ("conv1a/W", "fc7/W", "fc8/W"):
        if name not in arrays:
            raise RecordError(
                f"{path}: expected an array {name!r}; found {', '.join(sorted(arrays)) or 'none'}. Expected {EXPECTED}."
            )
        first[name] = arrays[name].shape[0] if arrays[name].ndim else 0
    return Layout(width=first["conv1a/W"], hidden=first["fc7/W"], classes=first["fc8/W"])


def _tensors(path: Path, layout: Layout, arrays: dict[str, np.ndarray]) -> dict[str, Tensor]:
    """Rename the arrays to the layout's names, each compared with the shape it must have."""
    ours = {}
    for name, shape in layout.shapes.items():
        layer, part = name.split(".")
        theirs = f"{layer}/{_PARTS[part]}"
        array = arrays.pop(theirs, None)
        if array is None:
            raise RecordError(f"{path}: the array {theirs!r} is missing. Expected {EXPECTED}.")
        if array.shape != shape:
            raise RecordError(
                f"{path}: expected {theirs!r} of shape {list(shape)} for {layout}; found {list(array.shape)}."
            )
        ours[name] = torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
    if arrays:
        raise RecordError(f"{path}: the array {min(arrays)!r} is no part of C3D. Expected {EXPECTED}.")
    return ours


def _mean(path: Path) -> Tensor:
    expected = f"mean2.npz: an array 'mean' of shape {list(CUBE)}, BGR"
    arrays = _arrays(path, expected)
    if "mean" not in arrays:
        raise RecordError(
            f"{path}: the array 'mean' is missing; found {', '.join(sorted(arrays)) or 'none'}. Expected {expected}."
        )
    mean = arrays["mean"]
    if mean.size != np.prod(CUBE):
        raise RecordError(f"{path}: 'mean' has shape {list(mean.shape)}. Expected {expected}.")
    return torch.from_numpy(mean.reshape(CUBE).astype(np.float32))


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
