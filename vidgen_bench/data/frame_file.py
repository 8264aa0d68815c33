"""Raw frames in a file, read by ordinary reads: a file that gets shorter is an error, where a memory map would end the process."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.system.files import read_exactly
from vidgen_bench.system.regular_files import reading

if TYPE_CHECKING:
    from torch import Tensor


class FrameFile:
    """The frames of a store, uint8 [frames, 3, h, w]; ``[start:stop]`` reads some of them.

    Raises:
        VidgenBenchError: the file ends before the frames that are read, or cannot be read.
    """

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self.path, self.shape = path, shape
        self._each = int(np.prod(shape[1:]))
        self._turn = threading.Lock()
        self._open = ExitStack()

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, frames: slice) -> NDArray[np.uint8]:
        start, stop, _ = frames.indices(len(self))
        out = np.empty((max(stop - start, 0), *self.shape[1:]), np.uint8)
        self._read_into(out, start)
        return out

    def gather(self, index: Tensor) -> Tensor:
        """Return the frames with these indices [N, T], uint8 [N, T, 3, h, w]; consecutive frames are read at once."""
        import torch  # here, because `data prepare` and `data info` never come here and start in a third of the time without it

        out = np.empty((*index.shape, *self.shape[1:]), np.uint8)
        for clip, row in zip(out, index.tolist(), strict=True):
            start = 0
            for end in range(1, len(row) + 1):
                if end == len(row) or row[end] != row[end - 1] + 1:
                    self._read_into(clip[start:end], row[start])
                    start = end
        return torch.from_numpy(out)

    @cached_property
    def _file(self) -> BinaryIO:
        return cast(
            "BinaryIO", self._open.enter_context(reading(self.path)).raw
        )  # unbuffered: what is read is what the file has now

    def _read_into(self, out: NDArray[np.uint8], first: int) -> None:
        try:
            with self._turn:
                whole = read_exactly(self._file, out, first * self._each)
        except OSError as error:
            raise VidgenBenchError(
                f"{self.path} cannot be read: {error.strerror or error}. Run the same command again to resume."
            ) from None
        if not whole:
            raise VidgenBenchError(
                f"{self.path} became shorter while it was used. Delete the folder {self.path.parent}, a cache, and run the same command "
                "again: it decodes the videos and resumes."
            )
