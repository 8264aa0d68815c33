"""The pictures: scaling is the inverse of the data's, no clip is dropped, time runs to the right, a ruler says where."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from PIL import Image

from vidgen_bench.api import Clip
from vidgen_bench.experiments.pictures import comparison, grid
from vidgen_bench.experiments.pictures.filmstrip import shown, stretch, write_strip
from vidgen_bench.experiments.sample.trained import instants


def clips(value: float, count: int = 4, frames: int = 16, size: int = 8) -> torch.Tensor:
    return torch.full((count, 3, frames, size, size), value)


def numbered(count: int, frames: int, size: int = 8) -> torch.Tensor:
    """Clips whose grey is their number, and whose first row is their time: every cell is told from the others."""
    made = torch.arange(count).view(-1, 1, 1, 1, 1).expand(count, 3, frames, size, size).clone().float()
    made[:, :, :, 0] = torch.arange(frames).view(1, 1, -1, 1)
    return (made - 128) / 128


def picture(path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def test_pixels_invert_the_datas_scaling_for_every_byte():
    original = torch.arange(256, dtype=torch.float32)
    scaled = ((original - 128) / 128).view(1, 1, 1, 16, 16).expand(1, 3, 1, 16, 16)
    assert np.array_equal(grid.pixels(scaled)[0, 0, :, :, 0].reshape(-1), original.numpy().astype(np.uint8))
    assert grid.pixels(clips(1.0)).max() == 255


def test_the_gif_plays_every_frame_with_generated_clips_on_the_left(tmp_path):
    generated = torch.stack([clips(0.0, frames=1)[:, :, 0] + t / 32 for t in range(16)], dim=2)
    comparison.write_gif(tmp_path / "a.gif", generated, clips(-1.0))
    with Image.open(tmp_path / "a.gif") as image:
        assert image.n_frames == 16
        lasting = 0
        for i in range(16):
            image.seek(i)
            lasting += image.info["duration"]
        page = np.asarray(image.convert("RGB")).astype(int)
    assert lasting == 2000
    middle = page.shape[0] // 2
    assert abs(page[middle, page.shape[1] // 4].mean() - (128 + 60)) < 4
    assert page[middle, 3 * page.shape[1] // 4].mean() < 4


def test_the_png_runs_time_to_the_right(tmp_path):
    ramp = torch.stack([clips(-1.0, frames=1)[:, :, 0] + t / 8 for t in range(16)], dim=2)
    comparison.write_png(tmp_path / "a.png", ramp, clips(0.0), rows=2, columns=4)
    page = picture(tmp_path / "a.png")
    row = page[comparison._HEAD + 4]
    seen = [row[comparison._GAP + 8 * c + 4].mean() for c in range(4)]
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] == 240


# -------------------------------------------------------------------------------------------------------------- blocks
@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 16, 17])
def test_a_block_shows_every_clip_and_blanks_after_the_last(count):
    frames = grid.pixels(numbered(count, 1))[:, 0]
    block = grid.block(frames)
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    assert block.shape == (rows * 8, columns * 8, 3)
    cells = block.reshape(rows, 8, columns, 8, 3).swapaxes(1, 2).reshape(-1, 8, 8, 3)
    assert np.array_equal(cells[:count], frames)
    assert (cells[count:] == 255).all()


def test_the_frames_of_a_block_are_made_one_by_one_and_enlarged():
    blocks = grid.Blocks(numbered(5, 3))
    assert len(blocks) == len(list(blocks)) == 3
    assert grid.block_shape(5, 8) == blocks[0].shape[1::-1] == (48, 32)
    assert np.array_equal(blocks[2][::2, ::2], grid.block(grid.pixels(numbered(5, 3))[:, 2]))
    assert np.array_equal(blocks[2][1::2, 1::2], blocks[2][::2, ::2])
    assert grid.block_shape(100, 64) == grid.Blocks(numbered(100, 1, 64))[0].shape[1::-1] == (640, 640)


def test_a_frame_is_written_to_the_pixel(tmp_path):
    frame = torch.rand(3, 8, 8) * 2 - 1
    comparison.write_frame(tmp_path / "frame.png", frame)
    assert np.array_equal(picture(tmp_path / "frame.png"), grid.pixels(frame[None, :, None])[0, 0])


# --------------------------------------------------------------------------------------------------------------- strips
@pytest.mark.parametrize(
    ("fps", "rewind", "extend", "first", "step", "columns"),
    [
        (1, 0, 0, 0, 1, 16),
        (4, 0, 0, 0, 0.5, 31),
        (4, 8, 16, -8, 2, 20),
        (10, 0, 0, 0, 0.5, 31),
        (1, 8, 16, -8, 2, 20),
        (1.5, 0, 0, 0, 2 / 3, 23),
        (3, 7, 0, -7, 1, 23),
    ],
)
def test_a_strip_has_room_for_its_columns_and_counts_in_whole_frames(fps, rewind, extend, first, step, columns):
    positions = [t * 15 for t in instants(Clip(16, 64, 2), fps=fps, rewind=rewind, extend=extend)]
    chosen = [positions[i] for i in shown(positions, 32)]
    assert len(chosen) == columns
    assert chosen[0] == pytest.approx(first)
    assert np.diff(chosen) == pytest.approx(step)
    assert 0.0 in chosen


def test_a_position_is_before_within_or_after():
    assert [stretch(p, 15) for p in (-0.25, 0, 7.5, 15.0, 15.25)] == [
        "before", "training frames", "training frames", "training frames", "after",
    ]  # fmt: skip


def test_a_strip_is_exact_and_marks_the_stretches(tmp_path):
    times = instants(Clip(16, 64, 2), rewind=2, extend=3)
    made = numbered(3, len(times), size=64)
    write_strip(tmp_path / "a.png", made, times, 16)
    page = picture(tmp_path / "a.png")
    top = page.shape[0] - 8 - 3 * 64
    wanted = grid.pixels(made)
    for column in range(len(times)):
        left = 8 + 64 * column + 6 * ((column >= 2) + (column >= 18))
        for row in range(3):
            assert np.array_equal(page[top + 64 * row :, left:][:64, :64], wanted[row, column])
    gaps = [8 + 2 * 64, 8 + 18 * 64 + 6]
    assert all((page[top:, gap : gap + 6] == 255).all() for gap in gaps)
    bar = page[23 + 1]
    assert [tuple(bar[x]) for x in (10, 8 + 64 * 5, page.shape[1] - 12)] == [
        (33, 102, 172),
        (40, 40, 40),
        (200, 85, 10),
    ]
    assert all((bar[gap : gap + 6] == 255).all() for gap in gaps)
    ruler = page[29:top]
    assert all((ruler[:, 8 + 64 * c : 8 + 64 * c + 64] < 200).any() for c in (0, 2, 17))


def test_small_frames_are_enlarged_so_that_a_ruler_can_be_read(tmp_path):
    times = instants(Clip(4, 8, 2))
    write_strip(tmp_path / "a.png", numbered(1, 4), times, 4)
    page = picture(tmp_path / "a.png")
    assert page.shape[1] == 8 + 4 * 48 + 8
    assert np.array_equal(page[-8 - 48 : -8 : 6, 8 : 8 + 48 : 6], grid.pixels(numbered(1, 4))[0, 0])
