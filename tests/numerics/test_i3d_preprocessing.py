"""What I3D reads: both resizes recomputed independently, and pixel values that come back exactly or rounded to the nearest."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.kit import golden
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.instruments.i3d.preprocessing import Preprocessing, bilinear


def by_loops(frame: np.ndarray) -> np.ndarray:
    """TensorFlow 1's resize_bilinear to 224 x 224, pixel by pixel: source = i in / out, the last row and column repeated."""
    rows, columns = frame.shape
    out = np.empty((224, 224))
    for i in range(224):
        for j in range(224):
            y, x = i * rows / 224, j * columns / 224
            top, left = int(y), int(x)
            bottom, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
            above = frame[top, left] + (frame[top, right] - frame[top, left]) * (x - left)
            below = frame[bottom, left] + (frame[bottom, right] - frame[bottom, left]) * (x - left)
            out[i, j] = above + (below - above) * (y - top)
    return out


@pytest.mark.parametrize("size", [(8, 5), (64, 64), (300, 240)])
def test_the_original_resize_by_loops(size: tuple[int, int]) -> None:
    raw = 1.2 * golden.video(1, 3, 9, *size)  # beyond what pixels are, on both sides
    actual = Preprocessing("fvd")(raw)
    assert actual.shape == (1, 3, 9, 224, 224)
    for colour, frame in ((0, 0), (2, 8)):
        pixels = np.clip(128 * raw[0, colour, frame].double().numpy() + 128, 0, 255)
        expected = 2 * by_loops(pixels) / 255 - 1
        np.testing.assert_allclose(actual[0, colour, frame].numpy(), expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("size", [(8, 5), (64, 64), (300, 240)])
def test_the_half_pixel_resize_is_pytorchs(size: tuple[int, int]) -> None:
    nearest = (128 + 150 * golden.video(1, 3, 9, *size)).round()  # beyond what pixels are, on both sides
    off = 0.4 * golden.video(1, 3, 9, *size).flip(-1)  # less than a half, by a margin for rounding
    frames = F.interpolate(nearest.clamp(0, 255)[0].double().transpose(0, 1), size=(224, 224), mode="bilinear")
    expected = 2 * frames.transpose(0, 1)[None] / 255 - 1
    actual = Preprocessing("stylegan-v")((nearest + off - 128) / 128)
    torch.testing.assert_close(actual.double(), expected, rtol=0, atol=2e-6)


def test_the_two_resizes_by_hand() -> None:
    """From 112 to 224: corners make every second pixel the source's own, middles make none."""
    corner, middle = bilinear(112, False), bilinear(112, True)
    assert corner[:4, :3].tolist() == [[1, 0, 0], [0.5, 0.5, 0], [0, 1, 0], [0, 0.5, 0.5]]
    assert middle[:4, :3].tolist() == [[1, 0, 0], [0.75, 0.25, 0], [0.25, 0.75, 0], [0, 0.75, 0.25]]
    assert corner[-1, -1] == middle[-1, -1] == 1
    for size in (1, 8, 224, 300):
        for half in (False, True):
            torch.testing.assert_close(bilinear(size, half).sum(dim=1), torch.ones(224))
    assert torch.equal(bilinear(224, False), torch.eye(224))
    assert torch.equal(bilinear(224, True), torch.eye(224))


@pytest.mark.parametrize("name", ["fvd", "stylegan-v"])
def test_the_pixels_of_real_clips_come_back_exactly(name: str) -> None:
    pixels = torch.arange(256.0)
    assert torch.equal(Preprocessing(name).pixels((pixels - 128) / 128), pixels)


def test_rounding_is_stylegan_vs_in_its_own_scale() -> None:
    """The nearest pixel value: StyleGAN-V finds it from p / 127.5 - 1 where we find it from (p - 128) / 128."""
    values = torch.linspace(-3.03, 258.07, 4001, dtype=torch.float64)
    theirs = ((values / 127.5 - 1) * 127.5 + 128).clamp(0, 255).to(torch.uint8)
    ours = Preprocessing("stylegan-v").pixels((values - 128) / 128)
    assert torch.equal(ours, theirs.float())
    assert torch.equal(Preprocessing("fvd").pixels(torch.tensor([1.0, -1.0, -1.5])), torch.tensor([255.0, 0.0, 0.0]))


def test_stylegan_vs_formula_would_change_our_real_pixels() -> None:
    pixels = torch.arange(256.0)
    changed = ((pixels - 128) / 128 * 127.5 + 128).clamp(0, 255).floor()
    assert torch.equal(pixels - changed, (pixels > 128).float())


def test_pixels_keep_their_precision_under_autocast() -> None:
    raw = golden.video(1, 3, 9, 16, 16)
    plain = Preprocessing("fvd")(raw)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(Preprocessing("fvd")(raw), plain)


def test_preprocessing_leaves_its_clips_alone() -> None:
    raw = golden.video(1, 3, 9, 16, 16)
    Preprocessing("stylegan-v")(raw)
    assert torch.equal(raw, golden.video(1, 3, 9, 16, 16))


@pytest.mark.parametrize("shape", [(2, 3, 8, 64, 64), (2, 1, 16, 64, 64), (3, 16, 64, 64)])
def test_other_clips_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(RequestError, match=r"clips \[N, 3, T, H, W\] with T of at least 9; found"):
        Preprocessing("fvd")(torch.zeros(shape))
