"""Clips as a still picture: one clip per row, time to the right, and a ruler that marks the training frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from vidgen_bench.api import Times
from vidgen_bench.experiments.pictures.grid import pixels
from vidgen_bench.system.files import write_whole
from vidgen_bench.system.output_file import Save

_WIDE, _LEAST, _SIDE = 2048, 8, 48
"""Pixels per row, the fewest frames per row, and the size in pixels to which small frames are enlarged."""
_MARGIN, _GAP, _LINE, _BAR = 8, 6, 15, 4
_PAPER, _INK = (255, 255, 255), (40, 40, 40)
_STRETCHES = {"before": (33, 102, 172), "training frames": _INK, "after": (200, 85, 10)}


def write_strip(path: Path, clips: Tensor, times: Times, frames: int, save: Save = write_whole) -> list[int]:
    """Write a PNG of the clips [N, 3, T, H, W] at these instants, with as many columns as fit on a screen.

    Args:
        path: the file.
        clips: in [-1, 1].
        times: T evenly spaced instants in clip units, including 0.
        frames: number of training frames; the ruler counts in them.
        save: writes the file.
    Returns:
        The indices of the instants that the strip shows, see :func:`shown`.
    """
    most = max(_LEAST, _WIDE // clips.shape[-1])
    positions = [t * (frames - 1) for t in times]
    at = shown(positions, most)
    scale = -(-_SIDE // clips.shape[-1])
    rows = np.concatenate(list(pixels(clips[:, :, at]).transpose(0, 2, 1, 3, 4)), axis=0)  # [N H, columns, W, 3]
    cells = rows.repeat(scale, axis=0).repeat(scale, axis=2).swapaxes(0, 1)
    page = _page(cells, [positions[i] for i in at], frames - 1)
    save(path, lambda s: page.save(s, format="PNG"))
    return at


def shown(positions: list[float], most: int) -> list[int]:
    """Return the indices of the instants that a strip shows: frame 0 and every s-th instant on both sides of it.

    s is the smallest step that divides the frame rate or is a multiple of it, which keeps the ruler in whole numbers.

    Args:
        positions: T evenly spaced instants in training frames.
        most: the largest number of columns.
    """
    origin = min(range(len(positions)), key=lambda i: abs(positions[i]))
    factor = (len(positions) - 1) / (positions[-1] - positions[0])
    whole = round(factor) if abs(factor - round(factor)) < 1e-6 else 1
    for step in range(1, len(positions) + 1):
        chosen = list(range(origin % step, len(positions), step))
        if len(chosen) <= most and (whole % step == 0 or step % whole == 0):
            return chosen
    return [origin]


def stretch(position: float, last: int) -> str:
    """Return the ruler's label for an instant: "before", "training frames" or "after"."""
    return "before" if position < -1e-6 else "after" if position > last + 1e-6 else "training frames"


def _page(cells: np.ndarray, positions: list[float], last: int) -> Image.Image:
    """Return a page with the columns [columns, N H, W, 3] under a ruler, with gaps around the training frames."""
    side, where = cells.shape[2], [stretch(p, last) for p in positions]
    breaks = [i > 0 and where[i] != where[i - 1] for i in range(len(where))]
    lefts = [_MARGIN + i * side + _GAP * sum(breaks[: i + 1]) for i in range(len(where))]
    head = _MARGIN + 2 * _LINE + _BAR + 3
    page = Image.new("RGB", (lefts[-1] + side + _MARGIN, head + cells.shape[1] + _MARGIN), _PAPER)
    draw = ImageDraw.Draw(page)
    for left, cell in zip(lefts, cells, strict=True):
        page.paste(Image.fromarray(np.ascontiguousarray(cell)), (left, head))
    for name, colour in _STRETCHES.items():
        inside = [left for left, w in zip(lefts, where, strict=True) if w == name]
        if inside:
            _bar(draw, name, colour, inside[0], inside[-1] + side)
    _ruler(draw, positions, lefts, side)
    return page


def _bar(draw: ImageDraw.ImageDraw, name: str, colour: tuple[int, int, int], left: int, right: int) -> None:
    draw.rectangle((left, _MARGIN + _LINE, right - 1, _MARGIN + _LINE + _BAR - 1), fill=colour)
    if draw.textlength(name, font=_font()) <= right - left:
        draw.text((left, _MARGIN - 2), name, fill=colour, font=_font())


def _ruler(draw: ImageDraw.ImageDraw, positions: list[float], lefts: list[int], side: int) -> None:
    """Write frame numbers above the columns, as many as fit."""
    texts = [f"{p:.4g}" for p in positions]
    widest = max(draw.textlength(text, font=_font()) for text in texts)
    every = int(-(-(widest + 4) // side))
    origin = min(range(len(positions)), key=lambda i: abs(positions[i]))
    for i in range(origin % every, len(texts), every):
        middle = lefts[i] + (side - draw.textlength(texts[i], font=_font())) / 2
        draw.text((middle, _MARGIN + _LINE + _BAR + 1), texts[i], fill=_INK, font=_font())


def _font() -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default()
