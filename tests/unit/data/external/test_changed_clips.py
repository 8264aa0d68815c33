"""Clips that change after they were hashed are noticed, in every kind of source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.kit.data_files import write_video
from tests.kit.external_clips import npy_bytes, pixels, write_frames, write_zip
from vidgen_bench.data.external.arrays import Arrays
from vidgen_bench.data.external.opening import open_source, source_of
from vidgen_bench.data.external.source import Source


def _npy(folder: Path, seed: int) -> Path:
    path = folder / "c.npy"
    path.write_bytes(npy_bytes(pixels(seed=seed)))
    return path


def _npz(folder: Path, seed: int) -> Path:
    return write_zip(folder / "c.npz", {"arr_0.npy": npy_bytes(pixels(seed=seed))})


def _frames(folder: Path, seed: int) -> Path:
    for frame, path in enumerate(sorted((folder / "clips" / "a").glob("*"))):
        path.unlink() if seed == 2 and not frame else None
    if not (folder / "clips").exists():
        write_frames(folder / "clips" / "a", pixels(1, seed=seed)[0])
    return folder / "clips"


def _videos(folder: Path, seed: int) -> Path:
    write_video(folder / "clips" / "a.avi", 6, seed)
    return folder / "clips"


@pytest.mark.parametrize("write", [_npy, _npz, _frames, _videos])
def test_content_that_changes_is_noticed(tmp_path: Path, write: Callable[[Path, int], Path]) -> None:
    source = open_source(write(tmp_path, 1))
    assert source.sha256
    assert not source.changed()
    write(tmp_path, 2)
    assert source.changed()
    assert source.sha256 == source.sha256


def test_an_array_in_memory_that_changes_is_noticed() -> None:
    array = pixels()
    source = source_of(array)
    assert source.sha256
    array[2, 5, 23, 23, 2] ^= 1
    assert source.changed()


def test_values_that_changed_between_looking_at_their_range_and_the_hash_are_noticed() -> None:
    array = np.linspace(-1, 1, 2 * 6 * 24 * 24 * 3, dtype=np.float32).reshape(2, 6, 24, 24, 3)
    source: Source = source_of(array, layout="NTHWC")
    assert isinstance(source, Arrays)
    array *= 0.5
    assert source.sha256
    assert source.changed()
