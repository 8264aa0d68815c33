"""Clips as pixels: the frames of several clips in one near-square block, enlarged if they are small."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

SCALE = 2
"""The factor by which small clips are enlarged."""

WIDEST = 1024
"""The largest width in pixels of an enlarged block."""


def pixels(clips: Tensor) -> np.ndarray:
    """Return clips [N, 3, T, H, W] in [-1, 1] as uint8 [N, T, H, W, 3]: round(128 x + 128), the inverse of the data's scaling."""
    values = (clips.detach().float().cpu() * 128.0 + 128.0).round().clamp(0, 255)
    return values.permute(0, 2, 3, 4, 1).numpy().astype(np.uint8)


def block_shape(count: int, size: int) -> tuple[int, int]:
    """Return the width and height in pixels of a block of ``count`` clips with ``size`` pixels per side, see :class:`Blocks`."""
    columns, rows = _near_square(count)
    scale = _scale(count, size)
    return columns * size * scale, rows * size * scale


class Blocks(Sequence[np.ndarray]):
    """A sequence of T blocks, uint8 [H', W', 3], each with the same frame of all clips [N, 3, T, H, W], computed on access.

    Clips are enlarged twice, unless the block would be wider than ``WIDEST``.
    """

    def __init__(self, clips: Tensor) -> None:
        self._clips, self._enlarging = clips, _scale(len(clips), clips.shape[-1])

    def __len__(self) -> int:
        return self._clips.shape[2]

    def __getitem__(self, t: Any) -> Any:
        if not 0 <= t < len(self):
            raise IndexError(t)
        return enlarged(block(pixels(self._clips[:, :, t : t + 1])[:, 0]), self._enlarging)


def block(frames: np.ndarray) -> np.ndarray:
    """Return the frames [N, H, W, 3] row by row in a near-square block; the rest of the last row is white."""
    columns, rows = _near_square(len(frames))
    full = np.full((rows * columns, *frames.shape[1:]), 255, dtype=np.uint8)
    full[: len(frames)] = frames
    lines = full.reshape(rows, columns, *frames.shape[1:])
    return np.concatenate(list(np.concatenate(list(lines.swapaxes(0, 1)), axis=2)), axis=0)


def _near_square(count: int) -> tuple[int, int]:
    """Return the numbers of columns and rows that hold ``count`` cells."""
    columns = math.isqrt(count - 1) + 1
    return columns, -(-count // columns)


def _scale(count: int, size: int) -> int:
    return SCALE if _near_square(count)[0] * size * SCALE <= WIDEST else 1


def enlarged(picture: np.ndarray, scale: int) -> np.ndarray:
    return picture.repeat(scale, axis=0).repeat(scale, axis=1)
