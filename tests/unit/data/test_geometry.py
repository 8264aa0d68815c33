"""The resize agrees with its references, and its result depends on the pixels only."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.errors import RequestError

PAPER = FrameGeometry(64, 85, "cubic", (0, 10, 64, 64))


def noise(frames: int, rows: int, columns: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (frames, rows, columns, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(240, 320), (120, 160), (50, 70), (241, 319)])
def test_cubic_is_opencvs_inter_cubic_to_one_level(size: tuple[int, int]) -> None:
    frames = noise(3, *size)
    expected = np.stack([cv2.resize(f, (85, 64), interpolation=cv2.INTER_CUBIC)[:, 10:74] for f in frames])
    difference = np.abs(PAPER.apply(frames).transpose(0, 2, 3, 1).astype(int) - expected)
    assert difference.max() <= 1
    assert difference.mean() < 0.01


@pytest.mark.parametrize("rule", ["cubic", "cubic-antialias"])
@pytest.mark.parametrize("size", [(240, 320), (50, 70), (37, 53)])
def test_both_rules_are_torchs_bicubic_to_one_level(rule: str, size: tuple[int, int]) -> None:
    frames = noise(2, *size)
    resized = torch.nn.functional.interpolate(
        torch.from_numpy(frames).permute(0, 3, 1, 2).double(),
        (64, 85),
        mode="bicubic",
        align_corners=False,
        antialias=rule != "cubic",
    )
    expected = resized.round().clamp(0, 255)[..., 10:74].numpy()
    difference = np.abs(FrameGeometry(64, 85, rule, (0, 10, 64, 64)).apply(frames) - expected)  # type: ignore[arg-type]
    assert difference.max() <= 1
    assert difference.mean() < 0.001


def test_the_same_size_is_left_as_it_is() -> None:
    frames = noise(2, 12, 15)
    same = FrameGeometry(12, 15, "cubic", (0, 0, 12, 15)).apply(frames)
    assert np.array_equal(same, frames.transpose(0, 3, 1, 2))


def test_a_constant_stays_constant_to_the_edge() -> None:
    for rule in ("cubic", "cubic-antialias"):
        geometry = FrameGeometry(64, 85, rule, (0, 0, 64, 85))
        assert np.all(geometry.apply(np.full((1, 240, 320, 3), 201, dtype=np.uint8)) == 201)


def test_the_crop_is_cut_from_the_whole_resized_frame() -> None:
    frames = noise(2, 90, 120)
    whole = FrameGeometry(64, 85, "cubic", (0, 0, 64, 85)).apply(frames)
    part = FrameGeometry(64, 85, "cubic", (5, 10, 40, 64)).apply(frames)
    assert np.array_equal(part, whole[:, :, 5:45, 10:74])


def test_frames_alone_or_together_give_the_same_bytes() -> None:
    frames = noise(37, 60, 80)
    together = PAPER.apply(frames)
    alone = np.concatenate([PAPER.apply(frames[t : t + 1]) for t in range(len(frames))])
    strided = PAPER.apply(np.asfortranarray(frames))
    assert np.array_equal(together, alone)
    assert np.array_equal(together, strided)


@pytest.mark.parametrize("crop", [(0, 22, 64, 64), (-1, 0, 64, 64), (0, 0, 65, 64), (0, 0, 0, 64), (0, 0, 64)])
def test_a_crop_outside_the_frame_is_refused(crop: tuple[int, ...]) -> None:
    with pytest.raises(RequestError, match="crop"):
        FrameGeometry(64, 85, "cubic", crop)  # type: ignore[arg-type]


def test_an_unknown_rule_is_refused_with_the_valid_ones() -> None:
    with pytest.raises(RequestError, match=r"'nearest'.*cubic, cubic-antialias"):
        FrameGeometry(64, 85, "nearest", (0, 0, 64, 64))  # type: ignore[arg-type]
