"""Decoding of single videos in a child process: one that crashes, hangs or needs too much memory ends only the child."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vidgen_bench.data.decoding.workers import Pool
from vidgen_bench.errors import DataError


@dataclass(frozen=True)
class Survey:
    """The shape of a whole video, and the number of frames that equal the one before them."""

    frames: int
    height: int
    width: int
    repeats: int


class GuardedDecoder:
    """Decodes videos, one at a time, in a child process that lives as long as this object; ``timeout`` is in seconds per video."""

    def __init__(self, timeout: float = 120.0) -> None:
        self._pool = Pool(timeout)
        weakref.finalize(self, self._pool.close)

    def survey(self, path: Path) -> Survey:
        """Return the shape of a video, found by decoding it.

        Raises:
            DataError: the video is bad, its decoder crashed twice, or it took longer than the timeout; the text names it.
        """
        answer = self._ask({"video": str(path)})
        return Survey(answer["frames"], answer["height"], answer["width"], answer["repeats"])

    def frames(self, path: Path, start: int, stop: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Return the frames ``start`` .. ``stop - 1`` that the video has, uint8 [T, H, W, 3]; errors are those of :meth:`survey`."""
        answer = self._ask({"video": str(path), "start": start, "stop": stop})
        return np.frombuffer(answer["data"], np.uint8).reshape(-1, answer["height"], answer["width"], 3)

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        answer = self._pool.ask(request)
        if "fault" in answer:
            raise DataError(answer["fault"])
        return answer
