"""A store of decoded videos whose pixels say which frame of which video they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.kit.data_files import SMALL
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.index import FORMAT, Index, Stored
from vidgen_bench.data.store import Store

LENGTHS = [20, 16, 24, 17, 40, 33, 18]


def store_of(folder: Path, lengths: list[int] = LENGTHS, geometry: FrameGeometry = SMALL) -> Store:
    """A store whose pixel value is the frame's number within its video, red, the video's number, green, the column, blue."""
    folder.mkdir(exist_ok=True)
    videos, first = [], 0
    for number, length in enumerate(lengths):
        sha256 = "0" * 64
        videos.append(
            Stored(
                split="train",
                path=f"v{number}",
                label=number % 3,
                first=first,
                frames=length,
                decoder="d",
                sha256=sha256,
            )
        )
        first += length
    videos.append(Stored(split="test", path="t", label=0, first=first, frames=16, decoder="d", sha256="0" * 64))
    index = Index(
        format=FORMAT,
        split=1,
        geometry=geometry,
        classes=("a", "b", "c"),
        missing=(),
        content_sha256="0" * 64,
        videos=tuple(videos),
    )
    frames = np.zeros((index.frames, 3, geometry.height, geometry.width), dtype=np.uint8)
    for number, video in enumerate(videos):
        span = slice(video.first, video.first + video.frames)
        frames[span, 0] = np.arange(video.frames)[:, None, None]
        frames[span, 1] = number
        frames[span, 2] = np.arange(geometry.width)[None, None, :]
    (folder / "frames.u8").write_bytes(frames.tobytes())
    return Store(folder, index)
