"""Compares arrays of somebody else's file with the layout that C3D must have, and says what is likely wrong with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vidgen_bench.errors import RecordError
from vidgen_bench.instruments.c3d.network import Layout

PARTS = {"weight": "W", "bias": "b"}
"""What the networks' parts are called here, and in the files."""

_LARGEST = Layout(width=1024, hidden=65536, classes=100_000)


def tensors_of(path: Path, arrays: dict[str, np.ndarray], expected: str) -> tuple[Layout, dict[str, Tensor]]:
    """Return the layout of these arrays, and copies of them by the network's names, float32.

    Width, hidden width and classes are the lengths of three biases, which no transposition changes.

    Args:
        path: where they come from, for errors.
        arrays: by ``<layer>/W`` and ``<layer>/b``; axes out, in, T, H, W and out, in.
        expected: what was hoped for, for errors.
    Raises:
        RecordError: an array is missing, extra, of another shape (with the likely cause), not finite, or a weight of zeros only.
    """
    layout = _layout(path, arrays, expected)
    left, tensors = dict(arrays), {}
    for name, shape in layout.shapes.items():
        layer, part = name.split(".")
        theirs = f"{layer}/{PARTS[part]}"
        array = left.pop(theirs, None)
        if array is None:
            raise RecordError(f"{path}: the array {theirs!r} is missing. Expected {expected}.")
        if array.shape != shape:
            raise RecordError(
                f"{path}: expected {theirs!r} of shape {list(shape)} for {layout}; found {list(array.shape)}."
                f"{_likely(array.shape, shape)}"
            )
        if not np.isfinite(array).all():
            raise RecordError(
                f"{path}: {theirs!r} holds values that are not finite (NaN or infinity). Get a fresh copy."
            )
        if part == "weight" and not array.any():
            raise RecordError(
                f"{path}: {theirs!r} is all zeros, so the layer was never filled: the file was written before training, or the "
                "converter took another field (Caffe's diff for its data, say). Get a fresh copy."
            )
        tensors[name] = torch.from_numpy(array.astype(np.float32, order="C"))
    if left:
        raise RecordError(f"{path}: the array {min(left)!r} is no part of C3D. Expected {expected}.")
    return layout, tensors


def _layout(path: Path, arrays: dict[str, np.ndarray], expected: str) -> Layout:
    """Read the free numbers off three biases."""
    found = {}
    for name in ("conv1a/b", "fc7/b", "fc8/b"):
        if name not in arrays:
            raise RecordError(
                f"{path}: expected an array {name!r}; found {', '.join(sorted(arrays)) or 'none'}. Expected {expected}."
            )
        if arrays[name].ndim != 1:
            raise RecordError(f"{path}: expected {name!r} of one axis; found shape {list(arrays[name].shape)}.")
        found[name] = len(arrays[name])
    width, hidden, classes = found.values()
    if not (1 <= width <= _LARGEST.width and 1 <= hidden <= _LARGEST.hidden and 2 <= classes <= _LARGEST.classes):
        raise RecordError(
            f"{path}: expected a width (conv1a/b) of 1 to {_LARGEST.width}, a hidden width (fc7/b) of 1 to {_LARGEST.hidden} and 2 to "
            f"{_LARGEST.classes} classes (fc8/b); found {width}, {hidden} and {classes}."
        )
    return Layout(width, hidden, classes)


def _likely(found: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """Return the likely cause of a shape that is not the expected one, or ''."""
    if len(shape) == 2 and found == shape[::-1]:
        return " It is transposed: its axes are (in, out), as TensorFlow and Keras keep them; expected (out, in)."
    if sorted(found) == sorted(shape):
        return " Its axes are in another order: expected (out, in, T, H, W)."
    return ""
