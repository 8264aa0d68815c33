"""Generated clips beside real ones, as an animated GIF and as a PNG with time along the rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from vidgen_bench.experiments.pictures.animation import TRAINING_RATE, Film, write_film
from vidgen_bench.experiments.pictures.grid import SCALE, block, enlarged, pixels
from vidgen_bench.system.files import write_whole
from vidgen_bench.system.output_file import Save

_GAP, _HEAD = 12, 16
_PAPER, _INK = (255, 255, 255), (40, 40, 40)
_TITLES = ("generated", "real")


def write_gif(path: Path, generated: Tensor, real: Tensor) -> None:
    """Write a GIF of two blocks of clips side by side, enlarged twice; both [N, 3, T, H, W]."""
    left, right = pixels(generated), pixels(real)
    total = min(left.shape[1], right.shape[1])
    pages = [np.asarray(_page([block(left[:, t]), block(right[:, t])])) for t in range(total)]
    write_film(path, Film(pages, TRAINING_RATE), "gif")


def write_png(path: Path, generated: Tensor, real: Tensor, rows: int = 8, columns: int = 8) -> None:
    """Write a PNG with one clip per row and time to the right; generated clips left, real clips right."""
    strips = []
    for clips in (pixels(generated)[:rows], pixels(real)[:rows]):
        at = np.linspace(0, clips.shape[1] - 1, min(columns, clips.shape[1])).round().astype(int)
        strips.append(np.concatenate([np.concatenate(list(c[at]), axis=1) for c in clips], axis=0))
    write_whole(path, lambda s: _page(strips, scale=1).save(s, format="PNG"))


def write_frame(path: Path, frame: Tensor, save: Save = write_whole) -> None:
    """Write one frame [3, H, W] in [-1, 1] as a PNG of the same size, by ``save``."""
    picture = Image.fromarray(np.ascontiguousarray(pixels(frame[None, :, None])[0, 0]))
    save(path, lambda s: picture.save(s, format="PNG"))


def _page(parts: list[np.ndarray], scale: int = SCALE) -> Image.Image:
    """Return a page with the blocks side by side under their titles."""
    images = [Image.fromarray(enlarged(part, scale)) for part in parts]
    width = sum(i.width for i in images) + _GAP * (len(images) + 1)
    page = Image.new("RGB", (width, max(i.height for i in images) + _HEAD + _GAP), _PAPER)
    draw, left = ImageDraw.Draw(page), _GAP
    for title, image in zip(_TITLES, images, strict=True):
        draw.text((left, 2), title, fill=_INK)
        page.paste(image, (left, _HEAD))
        left += image.width + _GAP
    return page
