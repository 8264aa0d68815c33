"""Reads C3D weights as chainer keeps them: ``conv3d_deepnetA_ucf.npz`` of TGAN's and TGANv2's releases."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile

from vidgen_bench.errors import RecordError

EXPECTED = "conv3d_deepnetA_ucf.npz of TGAN's and TGANv2's releases: arrays <layer>/W and <layer>/b for conv1a .. conv5b, fc6, fc7, fc8"


def read_npz(path: Path, expected: str = EXPECTED) -> dict[str, np.ndarray]:
    """Return every array of an npz file, by name; pickles inside are refused, not opened.

    Raises:
        RecordError: it cannot be read, is no npz file, or a member is no array of floating-point numbers.
    """
    try:
        file = np.load(path, allow_pickle=False)
        if not isinstance(file, NpzFile):
            raise RecordError(f"{path}: expected {expected}; found a single array (.npy). Save it as npz.")
        with file:
            return {name: _array(path, file, name, expected) for name in file.files}
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror or error}. Expected {expected}.") from None
    except (ValueError, zipfile.BadZipFile, zlib.error, EOFError):
        raise RecordError(
            f"{path} is damaged, or no npz file of plain arrays (pickles are never opened). Expected {expected}."
        ) from None


def _array(path: Path, file: NpzFile, name: str, expected: str) -> np.ndarray:
    try:
        array = file[name]
    except ValueError:
        raise RecordError(
            f"{path}: the array {name!r} holds Python objects (a pickle), which could run code when opened and is refused. "
            "Save it again as plain numbers."
        ) from None
    if not isinstance(array, np.ndarray):
        raise RecordError(
            f"{path}: its member {name!r} is no array, so it is no npz file of weights. Expected {expected}."
        )
    if array.dtype.kind != "f":
        raise RecordError(f"{path}: expected the array {name!r} in floating point; found {array.dtype}.")
    return array
