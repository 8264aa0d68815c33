"""Reads a mean cube: an npz with the array ``mean`` (``mean2.npz``), an npy of the array, or Caffe's binaryproto."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.c3d.importing.caffe_import import read_caffe_mean
from vidgen_bench.measure.instruments.c3d.importing.chainer_import import read_arrays
from vidgen_bench.measure.instruments.c3d.importing.layout_check import Shape, listed
from vidgen_bench.measure.instruments.c3d.preprocessing import CUBE
from vidgen_bench.measure.instruments.file_content import content_of
from vidgen_bench.system.library_errors import reason
from vidgen_bench.system.npy_header import DAMAGES, read_header

EXPECTED = f"a mean cube of shape {list(CUBE)}, BGR, 0 to 255: mean2.npz (array 'mean'), .npy, or train01_16_128_171_mean.binaryproto"


def read_mean(path: Path) -> Tensor:
    """Return the mean cube [3, 16, 128, 171], BGR, 0..255, float32.

    Raises:
        RecordError: the file has another format, or the mean has another shape, is not finite, is constant, or is not in pixel values.
    """
    content = content_of(path, EXPECTED)
    if content == "caffe blob":
        mean = read_caffe_mean(path)
    elif content == "npy":
        mean = _npy(path)
    elif content == "caffe model":
        raise RecordError(f"{path}: found Caffe's model, which holds the weights. Expected {EXPECTED}.")
    else:
        mean = _npz(path)
    _check_shape(path, mean.shape)
    _check(path, mean)
    return torch.from_numpy(mean.reshape(CUBE).astype(np.float32))


def doubt_about(mean: Tensor) -> str:
    """Return the reason why a mean cube may be in RGB order, or ''.

    The channel means of the published cube rise, 90.25, 97.66, 101.41 (B, G, R), as they do for most indoor and outdoor video.
    Videos of the sea or the sky may have falling means, so this is only a hint: the self-test on real clips decides.
    """
    first, second, third = mean.mean(dim=(1, 2, 3)).tolist()
    if not first > second > third:
        return ""
    return (
        f"The mean looks like RGB: its channel means fall ({first:.1f}, {second:.1f}, {third:.1f}), those of the published BGR cube rise "
        "(90.3, 97.7, 101.4). If it is RGB, reverse its first axis and import again."
    )


def _npy(path: Path) -> np.ndarray:
    try:
        with path.open("rb") as stream:
            header = read_header(stream, path.stat().st_size)
            if header.dtype.hasobject:
                raise ValueError("it holds Python objects, which are never opened")
            if header.dtype.kind != "f":
                raise RecordError(f"{path}: expected floating point; found {header.dtype}. Expected {EXPECTED}.")
            _check_shape(path, header.shape)
            stream.seek(0)
            return np.lib.format.read_array(stream, allow_pickle=False)
    except DAMAGES as error:
        raise RecordError(f"{path} cannot be read as an array: {reason(error)}. Expected {EXPECTED}.") from None


def _npz(path: Path) -> np.ndarray:
    def mean_alone(shapes: Mapping[str, Shape]) -> Iterable[str]:
        if "mean" not in shapes:
            raise RecordError(f"{path}: the array 'mean' is missing; found {listed(shapes)}. Expected {EXPECTED}.")
        _check_shape(path, shapes["mean"])
        return ("mean",)

    return read_arrays(path, EXPECTED, mean_alone)["mean"]


def _check_shape(path: Path, shape: Shape) -> None:
    if shape not in (CUBE, (1, *CUBE)):
        order = " Its axes are in another order." if sorted(shape) in (sorted(CUBE), sorted((1, *CUBE))) else ""
        raise RecordError(f"{path}: the mean has shape {list(shape)}.{order} Expected {EXPECTED}.")


def _check(path: Path, mean: np.ndarray) -> None:
    """Check that the values can be a mean of pixels."""
    if not np.isfinite(mean).all():
        raise RecordError(f"{path}: the mean holds values that are not finite (NaN or infinity). Get a fresh copy.")
    low, high = float(mean.min()), float(mean.max())
    if low == high:
        raise RecordError(
            f"{path}: the mean is {low:.4g} everywhere, so it is not the mean of videos. Expected {EXPECTED}."
        )
    if low < 0 or high > 255 or high <= 1:
        cause = " It was scaled to 0..1: multiply it by 255." if low >= 0 and high <= 1 else ""
        raise RecordError(
            f"{path}: expected the mean in pixel values, 0 to 255; found {low:.4g} to {high:.4g}.{cause} Expected {EXPECTED}."
        )
