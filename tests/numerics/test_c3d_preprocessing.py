"""C3D's preprocessings: "tgan" against golden 13b and OpenCV frame by frame, "tganv2" against loops over pixels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.kit import golden
from tests.kit.preprocessing import OPENCV_AGAINST_TORCH, mean_cube
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.instruments.c3d.preprocessing import (
    NativePreprocessing,
    TganPreprocessing,
    TganV2Preprocessing,
)
from vidgen_bench.measure.instruments.c3d.resize import resize_matrix


def by_opencv(clips: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Preprocessing as written in the published scripts, frame by frame."""
    n, _, t = clips.shape[:3]
    out = np.empty((n, 3, t, 128, 128))
    for i in range(n):
        for f in range(t):
            frame = np.ascontiguousarray((clips[i, :, f] * 128 + 128).transpose(1, 2, 0))
            out[i, :, f] = cv2.resize(frame, (128, 128), interpolation=cv2.INTER_CUBIC).transpose(2, 0, 1)
    return (out[:, ::-1] - mean[None, :, :, :, 21:149])[..., 8:120, 8:120].astype(np.float32)


@pytest.mark.parametrize("size", [64, 192, 96])
def test_every_frame_is_opencvs(size: int) -> None:
    clips = golden.video(2, 3, 16, size, size)
    mean = torch.from_numpy(60 + 50 * golden.base(1, 3 * 16 * 128 * 171)).float().view(3, 16, 128, 171)
    np.testing.assert_allclose(
        TganPreprocessing(mean)(clips), by_opencv(clips.numpy(), mean.numpy()), atol=OPENCV_AGAINST_TORCH
    )


def test_values_out_of_range_are_not_clipped() -> None:
    out = TganPreprocessing(torch.zeros(3))(torch.full((1, 3, 16, 8, 8), 1.5))
    torch.testing.assert_close(out, torch.full_like(out, 320.0))


def test_channels_become_bgr() -> None:
    clips = torch.zeros(1, 3, 16, 8, 8)
    clips[:, 0] = 0.5  # red
    out = TganPreprocessing(torch.tensor([10.0, 20.0, 30.0]))(clips)
    assert out.mean(dim=(0, 2, 3, 4)).tolist() == pytest.approx([118.0, 108.0, 162.0])


@pytest.mark.parametrize("shape", [(2, 3, 15, 64, 64), (2, 1, 16, 64, 64), (3, 16, 64, 64)])
def test_other_clips_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(RequestError, match=r"clips \[N, 3, 16, H, W\]; found"):
        TganPreprocessing(torch.zeros(3))(torch.zeros(shape))


# ---------------------------------------------------------------------------------------------------- preprocessing "tganv2"
def by_loops(clips: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Preprocessing "tganv2" written down again, pixel by pixel, float64: clip, BGR, align-corners bilinear, mean off centre."""
    n, _, t, rows, columns = clips.shape
    pixels = np.clip(clips.astype(np.float64), -1, 1)[:, ::-1] * 128
    out = np.empty((n, 3, t, 112, 112))
    for i in range(112):
        y = i * (rows - 1) / 111
        top = min(int(y), rows - 1)
        below, v = min(top + 1, rows - 1), y - top
        for j in range(112):
            x = j * (columns - 1) / 111
            left = min(int(x), columns - 1)
            right, u = min(left + 1, columns - 1), x - left
            upper = (1 - u) * pixels[..., top, left] + u * pixels[..., top, right]
            lower = (1 - u) * pixels[..., below, left] + u * pixels[..., below, right]
            out[..., i, j] = (1 - v) * upper + v * lower
    return out + 128 - mean[:, :, 8:120, 8:120]


def pattern_cube() -> Tensor:
    return torch.from_numpy(60 + 50 * golden.base(1, 3 * 16 * 128 * 171)).float().view(3, 16, 128, 171)


@pytest.mark.parametrize("size", [(64, 64), (192, 192), (48, 80), (112, 112), (1, 2)])
def test_tganv2_matches_the_loops_over_pixels(size: tuple[int, int]) -> None:
    clips = 1.6 * golden.video(2, 3, 16, *size)  # a third of it beyond [-1, 1]
    actual = TganV2Preprocessing(pattern_cube())(clips)
    assert actual.dtype == torch.float32
    np.testing.assert_allclose(actual, by_loops(clips.numpy(), pattern_cube().numpy()), atol=1e-4)


@pytest.mark.parametrize("size", [64, 192, 96])
def test_tganv2_resizes_as_interpolate_with_aligned_corners(size: int) -> None:
    clips = golden.video(1, 3, 16, size, size)
    expected = F.interpolate(clips.double().flip(1).flatten(1, 2), size=(112, 112), mode="bilinear", align_corners=True)
    actual = TganV2Preprocessing(torch.full((3,), 128.0))(clips).flatten(1, 2) / 128
    torch.testing.assert_close(actual.double(), expected, atol=1e-6, rtol=0)
    for corner in (0, -1):
        torch.testing.assert_close(actual[..., corner, corner], clips.flip(1).flatten(1, 2)[..., corner, corner])


def test_tganv2_clips_what_lies_outside() -> None:
    clips = torch.tensor([1.5, -1.5, 1.0, -1.0]).view(4, 1, 1, 1, 1).expand(4, 3, 16, 8, 8)
    out = TganV2Preprocessing(torch.zeros(3))(clips)
    torch.testing.assert_close(out[:2], out[2:], atol=0, rtol=0)
    torch.testing.assert_close(out[0], torch.full_like(out[0], 256.0))
    torch.testing.assert_close(out[1], torch.zeros_like(out[1]))


def test_a_mean_of_three_values_is_spread() -> None:
    clips, mean = golden.video(1, 3, 16, 24, 24), torch.tensor([10.0, 20.0, 30.0])
    cube = mean.view(3, 1, 1, 1).expand(3, 16, 128, 171)
    for make in (TganPreprocessing, TganV2Preprocessing):
        torch.testing.assert_close(make(mean)(clips), make(cube)(clips), atol=0, rtol=0)


def test_the_two_crops_of_the_published_mean_lie_apart(shared: Path) -> None:
    cube = mean_cube(shared)
    difference = (TganPreprocessing(cube).offset - TganV2Preprocessing(cube).offset).abs().mean().item()
    assert difference == pytest.approx(1.97, abs=0.005)


def test_native_pixels_are_not_resized() -> None:
    clips = torch.rand(2, 3, 16, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    out = NativePreprocessing(torch.tensor([10.0, 20.0, 30.0]))(clips)
    expected = clips.flip(1) * 128 + 128 - torch.tensor([10.0, 20.0, 30.0]).view(3, 1, 1, 1)
    torch.testing.assert_close(out, expected, rtol=0, atol=1e-4)
    with pytest.raises(RequestError, match="subtracts one mean per channel"):
        NativePreprocessing(torch.zeros(3, 16, 128, 171))


@pytest.mark.parametrize("make", [TganPreprocessing, TganV2Preprocessing])
def test_pixels_are_float32_under_autocast(make: type[TganPreprocessing] | type[TganV2Preprocessing]) -> None:
    clips, preprocessing = golden.video(1, 3, 16, 64, 64), make(pattern_cube())
    with torch.autocast("cpu", torch.bfloat16):
        rounded = preprocessing(clips)
    torch.testing.assert_close(rounded, preprocessing(clips), atol=0, rtol=0)


@pytest.mark.parametrize("size", [3, 24, 64, 112, 192])
def test_rows_of_a_resize_sum_to_one(size: int) -> None:
    for mode, to in (("bicubic", 128), ("bilinear", 112)):
        sums = resize_matrix(mode, size, to).sum(dim=1)  # type: ignore[arg-type]
        torch.testing.assert_close(sums, torch.ones(to), atol=1e-6, rtol=0)
