"""Frames read from a file: any of them, as a memory map gives them, and an error where the file has become shorter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from vidgen_bench.data.frame_file import FrameFile
from vidgen_bench.errors import VidgenBenchError

SHAPE = (50, 3, 4, 5)


@pytest.fixture
def frames(tmp_path: Path) -> np.ndarray:
    made = np.random.default_rng(0).integers(0, 256, SHAPE, dtype=np.uint8)
    (tmp_path / "frames.u8").write_bytes(made.tobytes())
    return made


@pytest.mark.parametrize(
    "index",
    [
        [[0, 1, 2], [47, 48, 49]],
        [[0, 2, 4], [9, 9, 9]],
        [[5], [3]],
        [[3, 4, 8, 9], [49, 48, 47, 0]],
    ],
)
def test_gathered_frames_are_those_of_an_array(tmp_path: Path, frames: np.ndarray, index: list[list[int]]) -> None:
    file = FrameFile(tmp_path / "frames.u8", SHAPE)
    got = file.gather(torch.tensor(index))
    assert got.dtype == torch.uint8
    assert np.array_equal(got.numpy(), frames[np.array(index)])


@pytest.mark.parametrize("part", [slice(0, 50), slice(7, 9), slice(49, 99), slice(9, 9)])
def test_slices_are_those_of_an_array(tmp_path: Path, frames: np.ndarray, part: slice) -> None:
    assert np.array_equal(FrameFile(tmp_path / "frames.u8", SHAPE)[part], frames[part])


def test_a_file_that_gets_shorter_is_an_error_and_no_crash(tmp_path: Path, frames: np.ndarray) -> None:
    path = tmp_path / "frames.u8"
    file = FrameFile(path, SHAPE)
    assert np.array_equal(file[48:50], frames[48:50])
    with path.open("r+b") as stream:
        stream.truncate(frames.nbytes - 1)
    assert np.array_equal(file[0:49], frames[:49])
    with pytest.raises(VidgenBenchError, match=r"frames\.u8 became shorter while it was used") as caught:
        file.gather(torch.tensor([[49]]))
    assert caught.value.exit_code == 1
