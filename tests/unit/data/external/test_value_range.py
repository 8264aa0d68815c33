"""The range of pixels: for each way in which samplers save clips, it is found right or asked for, never guessed wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.kit.external_clips import CLIP, npy_bytes, pixels, write_frames, write_zip
from vidgen_bench.data.external.fitting import fitted
from vidgen_bench.data.external.opening import open_source, source_of
from vidgen_bench.data.external.value_range import check_bytes
from vidgen_bench.errors import RequestError

Floats = NDArray[np.floating]

CONVENTIONS: dict[str, Callable[[Floats], NDArray[np.generic]]] = {
    "uint8": lambda x: np.rint(255 * x).astype(np.uint8),
    "0..255": lambda x: (255 * x).astype(np.float32),
    "0..1": lambda x: x.astype(np.float32),
    "-1..1": lambda x: (2 * x - 1).astype(np.float32),
    "-1..1, half precision": lambda x: (2 * x - 1).astype(np.float16),
    "-0.5..0.5": lambda x: (x - 0.5).astype(np.float32),
    "mean subtracted": lambda x: (x - x.mean()).astype(np.float32),
    "mean of each channel subtracted": lambda x: (x - x.mean((0, 1, 2, 3))).astype(np.float32),
    "mean subtracted, 0..255": lambda x: (255 * (x - x.mean())).astype(np.float32),
    "standardised": lambda x: ((x - x.mean()) / (x.std() + 1e-3)).astype(np.float32),
    "as for ImageNet": lambda x: ((x - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]).astype(np.float32),
    "0..1 as uint8": lambda x: x.astype(np.uint8),
    "0..1 rounded, as uint8": lambda x: np.rint(x).astype(np.uint8),
    "-1..1 as uint8": lambda x: (2 * x - 1).astype(np.int64).astype(np.uint8),
}
RIGHT = {"uint8", "-1..1", "-1..1, half precision"}
"""The conventions that can be told from their values; the user is asked about all others."""


def contents(generator: np.random.Generator) -> Floats:
    """Return clips [N, T, H, W, 3] in 0 .. 1: dark or bright, with much or little contrast, their values smooth or only black and white."""
    low, high = np.sort(generator.uniform(0, 1, 2)) if generator.random() < 0.6 else (0.0, 1.0)
    x = generator.uniform(low, high, (2, CLIP.frames, CLIP.size, CLIP.size, 3))
    if generator.random() < 0.2:
        x = x ** generator.uniform(0.2, 5)
    return x


def measured(array: NDArray[np.generic]) -> NDArray[np.float32] | None:
    """Return the clips as they are measured, in -1 .. 1, or None if the user is asked."""
    try:
        source = source_of(array, layout="NTHWC")
        check_bytes(fitted(source, CLIP), None)
    except RequestError as error:
        if "--range" not in str(error) and "expected uint8, or floats" not in str(error):
            raise
        return None
    return next(fitted(source, CLIP).read(range(source.count))).numpy()


@pytest.mark.parametrize("name", CONVENTIONS)
def test_each_convention_is_read_right_or_asked_about(name: str) -> None:
    generator, read = np.random.default_rng(sorted(CONVENTIONS).index(name)), 0
    for _ in range(60):
        x = contents(generator)
        if (found := measured(CONVENTIONS[name](x))) is not None:
            read += 1
            assert np.abs(found - (2 * x - 1).transpose(0, 4, 1, 2, 3)).max() < 0.02
    assert (read > 0) is (name in RIGHT)


@pytest.mark.parametrize("values", [(0,), (0, 1), (1,), (0, 1, 255), (0, 255), (255,)])
def test_bytes_that_look_like_floats_are_asked_about_and_may_be_kept(values: tuple[int, ...]) -> None:
    array = np.resize(np.array(values, np.uint8), (2, 6, 24, 24, 3))
    source = source_of(array, layout="NTHWC")
    with pytest.raises(RequestError, match=r"Scale them to 0 to 255 .* pass --range 0,255"):
        check_bytes(fitted(source, CLIP), None)
    kept = source_of(array, layout="NTHWC", value_range="0,255")
    check_bytes(fitted(kept, CLIP), "0,255")
    assert kept.sha256 == source.sha256


@pytest.mark.parametrize("values", [(0, 254), (0, 1, 2), (17,)])
def test_dark_clips_are_not_asked_about(values: tuple[int, ...]) -> None:
    check_bytes(fitted(source_of(np.resize(np.array(values, np.uint8), (2, 6, 24, 24, 3)), layout="NTHWC"), CLIP), None)


def test_one_clip_with_other_values_is_enough() -> None:
    array = np.zeros((3, 6, 24, 24, 3), np.uint8)
    array[2, 5, 23, 23, 2] = 9
    check_bytes(fitted(source_of(array, layout="NTHWC"), CLIP), None)
    array[0, 0, 0, 0, 0], array[2] = 255, 1
    with pytest.raises(RequestError, match="0 and 1 and 255"):
        check_bytes(fitted(source_of(array, layout="NTHWC"), CLIP), None)


def test_only_the_frames_that_are_measured_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(np.zeros((2, 60, 24, 24, 3), np.uint8), layout="NTHWC")
    read, asked = source.read, []
    monkeypatch.setattr(source, "read", lambda *of: asked.append(of) or read(*of))
    with pytest.raises(RequestError, match="The uint8 values of all clips are 0"):
        check_bytes(fitted(source, CLIP, trim="centre"), None)
    assert asked == [(0, 27, 33), (1, 27, 33)]


def test_pictures_are_asked_about_too(tmp_path: Path) -> None:
    for clip in range(2):
        write_frames(tmp_path / f"{clip}", np.ones((6, 24, 24, 3), np.uint8))
    with pytest.raises(RequestError, match="pass --range 0,255"):
        check_bytes(fitted(open_source(tmp_path), CLIP), None)
    check_bytes(fitted(open_source(tmp_path, value_range="0,255"), CLIP), "0,255")


def test_looking_at_the_first_clip_of_a_zip_unpacks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_source(write_zip(tmp_path / "c.npz", {"arr_0.npy": npy_bytes(pixels())}))
    monkeypatch.setattr("vidgen_bench.data.external.zipped.ZippedBlock._unpack", None)  # would raise if called
    check_bytes(fitted(source, CLIP), None)
    assert source.sha256 == source_of(pixels()).sha256
