"""The pictures: scaling is the inverse of the data's, time runs to the right, generated clips stand left."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from vidgen_bench import gallery


def clips(value: float, count: int = 4, frames: int = 16, size: int = 8) -> torch.Tensor:
    return torch.full((count, 3, frames, size, size), value)


def test_pixels_invert_the_datas_scaling_for_every_byte():
    original = torch.arange(256, dtype=torch.float32)
    scaled = ((original - 128) / 128).view(1, 1, 1, 16, 16).expand(1, 3, 1, 16, 16)
    assert np.array_equal(gallery.pixels(scaled)[0, 0, :, :, 0].reshape(-1), original.numpy().astype(np.uint8))
    assert gallery.pixels(clips(1.0)).max() == 255


def test_the_gif_plays_every_frame_with_generated_clips_on_the_left(tmp_path):
    generated = torch.stack([clips(0.0, frames=1)[:, :, 0] + t / 32 for t in range(16)], dim=2)
    gallery.write_gif(tmp_path / "a.gif", generated, clips(-1.0))
    with Image.open(tmp_path / "a.gif") as image:
        assert image.n_frames == 16
        image.seek(15)
        page = np.asarray(image.convert("RGB")).astype(int)
    middle = page.shape[0] // 2
    assert abs(page[middle, page.shape[1] // 4].mean() - (128 + 60)) < 4
    assert page[middle, 3 * page.shape[1] // 4].mean() < 4


def test_the_png_runs_time_to_the_right(tmp_path):
    ramp = torch.stack([clips(-1.0, frames=1)[:, :, 0] + t / 8 for t in range(16)], dim=2)
    gallery.write_png(tmp_path / "a.png", ramp, clips(0.0), rows=2, columns=4)
    page = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).astype(int)
    row = page[gallery._HEAD + 4]
    seen = [row[gallery._GAP + 8 * c + 4].mean() for c in range(4)]
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] == 240
