"""Checks the arrays of an imported file against the layout of C3D, and reports the likely cause of a mismatch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.c3d.network import Layout

PARTS = {"weight": "W", "bias": "b"}
"""Names of a layer's tensors: in the network, and in the files."""

_LARGEST = Layout(width=1024, hidden=65536, classes=100_000)

Shape = tuple[int, ...]


def tensors_of(path: Path, arrays: dict[str, np.ndarray], expected: str) -> tuple[Layout, dict[str, Tensor]]:
    """Return the layout of these arrays, and float32 copies of them under the network's names.

    Args:
        path: the file, for errors.
        arrays: named ``<layer>/W`` and ``<layer>/b``; the axes are out, in, T, H, W or out, in.
        expected: the valid files, for errors.
    Raises:
        RecordError: an array is missing, extra, of another shape (with the likely cause), or not finite, or a weight is all zeros.
    """
    layout = layout_of(path, {name: array.shape for name, array in arrays.items()}, expected)
    tensors = {}
    for name in layout.shapes:
        theirs, part = _theirs(name), name.split(".")[1]
        array = arrays[theirs]
        if not np.isfinite(array).all():
            raise RecordError(
                f"{path}: {theirs!r} holds values that are not finite (NaN or infinity). Get a fresh copy."
            )
        if part == "weight" and not array.any():
            raise RecordError(
                f"{path}: {theirs!r} is all zeros, so the layer was never filled: the file was written before training, or the "
                "converter read the wrong field (Caffe's diff instead of data, for example). Get a fresh copy."
            )
        tensors[name] = torch.from_numpy(array.astype(np.float32, order="C"))
    return layout, tensors


def layout_of(path: Path, found: Mapping[str, Shape], expected: str) -> Layout:
    """Return the layout that fits arrays of these shapes, given by their names in the file.

    Width, hidden width and classes are the lengths of three biases, which transposition does not change.

    Raises:
        RecordError: an array is missing, extra, or of another shape, with the likely cause.
    """
    layout, left = _sizes(path, found, expected), dict(found)
    for name, shape in layout.shapes.items():
        theirs = _theirs(name)
        if theirs not in left:
            raise RecordError(f"{path}: the array {theirs!r} is missing. Expected {expected}.")
        if (is_of := left.pop(theirs)) != shape:
            raise RecordError(
                f"{path}: expected {theirs!r} of shape {list(shape)} for {layout}; found {list(is_of)}."
                f"{_swapped(found, theirs) or _likely(is_of, shape)}"
            )
    if left:
        raise RecordError(f"{path}: the array {min(left)!r} is not part of C3D. Expected {expected}.")
    return layout


def listed(names: Iterable[str]) -> str:
    """Return at most six names for a message: "a, b, c, d, e, f and 4 more"."""
    first, rest = sorted(names)[:6], sorted(names)[6:]
    return (", ".join(first) or "none") + (f" and {len(rest)} more" if rest else "")


def _sizes(path: Path, found: Mapping[str, Shape], expected: str) -> Layout:
    """Return the layout whose sizes are the lengths of three biases."""
    sizes = []
    for name in ("conv1a/b", "fc7/b", "fc8/b"):
        if name not in found:
            raise RecordError(f"{path}: expected an array {name!r}; found {listed(found)}. Expected {expected}.")
        if len(found[name]) != 1:
            raise RecordError(
                f"{path}: expected {name!r} of one axis; found shape {list(found[name])}.{_swapped(found, name)}"
            )
        sizes.append(found[name][0])
    width, hidden, classes = sizes
    if not (1 <= width <= _LARGEST.width and 1 <= hidden <= _LARGEST.hidden and 2 <= classes <= _LARGEST.classes):
        raise RecordError(
            f"{path}: expected a width (conv1a/b) of 1 to {_LARGEST.width}, a hidden width (fc7/b) of 1 to {_LARGEST.hidden} and 2 to "
            f"{_LARGEST.classes} classes (fc8/b); found {width}, {hidden} and {classes}."
        )
    return Layout(width, hidden, classes)


def _theirs(name: str) -> str:
    """Return the name in the file of one of the network's tensors."""
    layer, part = name.split(".")
    return f"{layer}/{PARTS[part]}"


def _swapped(found: Mapping[str, Shape], name: str) -> str:
    """Return a hint if a layer's weight has one axis, like a bias, and its bias has several; or ''."""
    weight, bias = (f"{name.split('/')[0]}/{part}" for part in PARTS.values())
    if len(found.get(weight, ())) != 1 or len(found.get(bias, ())) < 2:
        return ""
    return f" {weight!r} and {bias!r} are swapped: W is the weight, b the bias."


def _likely(found: Shape, shape: Shape) -> str:
    """Return the likely cause of a shape that is not the expected one, or ''."""
    if len(shape) == 2 and found == shape[::-1]:
        return " It is transposed: its axes are (in, out), as in TensorFlow and Keras; expected (out, in)."
    if sorted(found) == sorted(shape):
        return " Its axes are in another order: expected (out, in, T, H, W)."
    return ""
