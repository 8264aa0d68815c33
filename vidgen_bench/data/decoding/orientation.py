"""Turns frames as a player does: a phone stores the sensor's rows and a matrix with which they are to be shown."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from av.sidedata.sidedata import Type
from numpy.typing import NDArray

from vidgen_bench.errors import DataError


def upright(path: Path, frame: Any) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    """Return a function that turns a frame [H, W, 3] as the display matrix of ``frame`` requires.

    A pixel at column x and row y is shown at column a x + c y and row b x + d y, up to a shift.

    Raises:
        DataError: the angle is not a multiple of 90 degrees.
    """
    matrix = frame.side_data.get(Type.DISPLAYMATRIX)
    if matrix is None:
        return lambda pixels: pixels
    a, b, _, c, d = struct.unpack("=5i", bytes(matrix)[:20])
    if a and d and not b and not c:
        return lambda pixels: _flipped(pixels, d < 0, a < 0)
    if b and c and not a and not d:
        return lambda pixels: _flipped(pixels.swapaxes(0, 1), b < 0, c < 0)
    raise DataError(
        f"{path}: is to be shown turned by an angle that is not a multiple of 90 degrees. Encode it upright."
    )


def _flipped(pixels: NDArray[np.uint8], rows: bool, columns: bool) -> NDArray[np.uint8]:
    return pixels[:: -1 if rows else 1, :: -1 if columns else 1]
