"""What a person looks at: clips side by side, as an animation, and generated beside real ones as a PNG over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from vidgen_bench.files import write_whole
from vidgen_bench.film import TRAINING_RATE, Film, write_film

_SCALE, _GAP, _HEAD = 2, 12, 16
_PAPER, _INK = (255, 255, 255), (40, 40, 40)
_TITLES = ("generated", "real")
_WIDEST = 1024
"""Pixels up to which a block is enlarged."""


def pixels(clips: Tensor) -> np.ndarray:
    """Return clips [N, 3, T, H, W] in [-1, 1] as uint8 [N, T, H, W, 3]: round(128 x + 128), the inverse of the data's scaling."""
    values = (clips.detach().float().cpu() * 128.0 + 128.0).round().clamp(0, 255)
    return values.permute(0, 2, 3, 4, 1).numpy().astype(np.uint8)


def block_shape(count: int, size: int) -> tuple[int, int]:
    """Return the width and height in pixels of the block of so many clips of this side, as :class:`Blocks` makes it."""
    columns, rows = _near_square(count)
    scale = _scale(count, size)
    return columns * size * scale, rows * size * scale


class Blocks(Sequence[np.ndarray]):
    """The frames of all clips [N, 3, T, H, W] in one block, each made when it is asked for: T of uint8 [H', W', 3].

    Clips are enlarged twice, unless that is wide.
    """

    def __init__(self, clips: Tensor) -> None:
        self._clips, self._enlarging = clips, _scale(len(clips), clips.shape[-1])

    def __len__(self) -> int:
        return self._clips.shape[2]

    def __getitem__(self, t: Any) -> Any:
        if not 0 <= t < len(self):
            raise IndexError(t)
        return _enlarged(block(pixels(self._clips[:, :, t : t + 1])[:, 0]), self._enlarging)


def block(frames: np.ndarray) -> np.ndarray:
    """Return all frames [N, H, W, 3] row by row in a near-square block, blank where the last row is not full."""
    columns, rows = _near_square(len(frames))
    full = np.full((rows * columns, *frames.shape[1:]), 255, dtype=np.uint8)
    full[: len(frames)] = frames
    lines = full.reshape(rows, columns, *frames.shape[1:])
    return np.concatenate(list(np.concatenate(list(lines.swapaxes(0, 1)), axis=2)), axis=0)


def write_gif(path: Path, generated: Tensor, real: Tensor) -> None:
    """Write a GIF of two square blocks of clips playing side by side, enlarged twice; both [N, 3, T, H, W]."""
    left, right = pixels(generated), pixels(real)
    total = min(left.shape[1], right.shape[1])
    pages = [np.asarray(_page([block(left[:, t]), block(right[:, t])])) for t in range(total)]
    write_film(path, Film(pages, TRAINING_RATE), "gif")


def write_png(path: Path, generated: Tensor, real: Tensor, rows: int = 8, columns: int = 8) -> None:
    """Write a PNG in which each row is one clip and time runs to the right; generated left, real right."""
    strips = []
    for clips in (pixels(generated)[:rows], pixels(real)[:rows]):
        at = np.linspace(0, clips.shape[1] - 1, min(columns, clips.shape[1])).round().astype(int)
        strips.append(np.concatenate([np.concatenate(list(c[at]), axis=1) for c in clips], axis=0))
    write_whole(path, lambda s: _page(strips, scale=1).save(s, format="PNG"))


def write_frame(path: Path, frame: Tensor) -> None:
    """Write one frame [3, H, W] in [-1, 1] as a PNG of its very pixels."""
    picture = Image.fromarray(np.ascontiguousarray(pixels(frame[None, :, None])[0, 0]))
    write_whole(path, lambda s: picture.save(s, format="PNG"))


def _near_square(count: int) -> tuple[int, int]:
    """Return columns and rows that hold ``count`` cells."""
    columns = math.isqrt(count - 1) + 1
    return columns, -(-count // columns)


def _scale(count: int, size: int) -> int:
    return _SCALE if _near_square(count)[0] * size * _SCALE <= _WIDEST else 1


def _enlarged(picture: np.ndarray, scale: int) -> np.ndarray:
    return picture.repeat(scale, axis=0).repeat(scale, axis=1)


def _page(parts: list[np.ndarray], scale: int = _SCALE) -> Image.Image:
    """Return the blocks side by side under their titles."""
    images = [Image.fromarray(_enlarged(part, scale)) for part in parts]
    width = sum(i.width for i in images) + _GAP * (len(images) + 1)
    page = Image.new("RGB", (width, max(i.height for i in images) + _HEAD + _GAP), _PAPER)
    draw, left = ImageDraw.Draw(page), _GAP
    for title, image in zip(_TITLES, images, strict=True):
        draw.text((left, 2), title, fill=_INK)
        page.paste(image, (left, _HEAD))
        left += image.width + _GAP
    return page
