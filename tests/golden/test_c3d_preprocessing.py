"""C3D's preprocessing "tgan": golden 13b."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit import golden
from tests.kit.preprocessing import OPENCV_AGAINST_TORCH, mean_cube
from vidgen_bench.measure.instruments.c3d.preprocessing import TganPreprocessing
from vidgen_bench.measure.instruments.c3d.resize import resized


def test_golden_preprocessing(shared: Path) -> None:
    expected = golden.load(shared, "13b")
    preprocessing = TganPreprocessing(mean_cube(shared))
    golden.assert_fingerprint(
        128.0 - preprocessing.offset, expected["mean_file"]["output_mean_cropped_3x16x112x112"], atol=2e-5
    )
    golden.assert_fingerprint(
        preprocessing(golden.video(2, 3, 16, 64, 64)), expected["output_preprocessed"], atol=OPENCV_AGAINST_TORCH
    )


@pytest.mark.parametrize(
    ("name", "shape"),
    [("output_resized_nhwc_rgb", (2, 3, 16, 64, 64)), ("output_192_resized_nhwc", (1, 3, 2, 192, 192))],
)
def test_golden_resize(shared: Path, name: str, shape: tuple[int, ...]) -> None:
    """Growing 64 -> 128 and shrinking 192 -> 128; antialiasing would be 2.5 off."""
    frames = (resized(golden.video(*shape), "bicubic", 128) * 128 + 128).permute(0, 2, 3, 4, 1).flatten(0, 1)
    golden.assert_fingerprint(frames, golden.load(shared, "13b")[name], atol=OPENCV_AGAINST_TORCH)
