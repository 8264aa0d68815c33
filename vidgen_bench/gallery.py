"""What a person looks at: generated clips beside real ones, as an animated GIF and as a PNG of frames over time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from vidgen_bench.files import write_whole

_SCALE, _GAP, _HEAD = 2, 12, 16
_PAPER, _INK = (255, 255, 255), (40, 40, 40)
_TITLES = ("generated", "real")


def pixels(clips: Tensor) -> np.ndarray:
    """Return clips [N, 3, T, H, W] in [-1, 1] as uint8 [N, T, H, W, 3]: round(128 x + 128), the inverse of the data's scaling."""
    values = (clips.detach().float().cpu() * 128.0 + 128.0).round().clamp(0, 255)
    return values.permute(0, 2, 3, 4, 1).numpy().astype(np.uint8)


def write_gif(path: Path, generated: Tensor, real: Tensor, frames_per_second: float = 8.0) -> None:
    """Write a GIF of two square blocks of clips playing side by side, enlarged twice; both [N, 3, T, H, W]."""
    left, right = pixels(generated), pixels(real)
    pages = [_page([_block(left[:, t]), _block(right[:, t])]) for t in range(min(left.shape[1], right.shape[1]))]
    duration = round(1000.0 / frames_per_second)
    write_whole(
        path,
        lambda s: pages[0].save(s, format="GIF", save_all=True, append_images=pages[1:], duration=duration, loop=0),
    )


def write_png(path: Path, generated: Tensor, real: Tensor, rows: int = 8, columns: int = 8) -> None:
    """Write a PNG in which each row is one clip and time runs to the right; generated left, real right."""
    strips = []
    for clips in (pixels(generated)[:rows], pixels(real)[:rows]):
        at = np.linspace(0, clips.shape[1] - 1, min(columns, clips.shape[1])).round().astype(int)
        strips.append(np.concatenate([np.concatenate(list(c[at]), axis=1) for c in clips], axis=0))
    write_whole(path, lambda s: _page(strips, scale=1).save(s, format="PNG"))


def _block(frames: np.ndarray) -> np.ndarray:
    """Return the largest full square of frames [N, H, W, 3], row by row."""
    side = max(int(np.sqrt(len(frames))), 1)
    return np.concatenate(
        [np.concatenate(list(frames[r * side : (r + 1) * side]), axis=1) for r in range(side)], axis=0
    )


def _page(blocks: list[np.ndarray], scale: int = _SCALE) -> Image.Image:
    """Return the blocks side by side under their titles."""
    images = [
        Image.fromarray(b).resize((b.shape[1] * scale, b.shape[0] * scale), Image.Resampling.NEAREST) for b in blocks
    ]
    width = sum(i.width for i in images) + _GAP * (len(images) + 1)
    page = Image.new("RGB", (width, max(i.height for i in images) + _HEAD + _GAP), _PAPER)
    draw, left = ImageDraw.Draw(page), _GAP
    for title, image in zip(_TITLES, images, strict=True):
        draw.text((left, 2), title, fill=_INK)
        page.paste(image, (left, _HEAD))
        left += image.width + _GAP
    return page
