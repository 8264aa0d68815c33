"""Builds tiny trees of real AVI files in the UCF101 layout, for tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from vidgen_bench.api import VideoSource
from vidgen_bench.data.decoding.video import Frames, read
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.shapes.write import encode

SMALL = FrameGeometry(16, 20, "cubic", (0, 2, 16, 16))
"""A geometry whose stored frames are 16 x 16."""


def moving_frames(frames: int, seed: int, rows: int = 48, columns: int = 64) -> NDArray[np.uint8]:
    """Return uint8 [T, rows, columns, 3]: a coloured gradient with a bright block that moves, another for every
    seed."""
    y, x = np.mgrid[0:rows, 0:columns]
    colour = np.random.default_rng(seed).integers(40, 200, 3)
    base = (np.stack([x, y, x + y], axis=-1) + colour) % 200
    result = np.repeat(base[None], frames, axis=0).astype(np.uint8)
    for t in range(frames):
        left = (3 * t + 5 * seed) % (columns - 12)
        result[t, 8:24, left : left + 12] = 250
    return result


def write_video(path: Path, frames: int, seed: int) -> None:
    """Write one small AVI (MPEG-4 part 2, one key frame every 12)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(moving_frames(frames, seed)))


def write_with(path: Path, frames: NDArray[np.uint8], codec: str, pixels: str = "yuv420p", **options: str) -> None:
    """Write frames [T, H, W, 3] with a codec of PyAV, in the container of the path's suffix."""
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], pixels
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))


def write_stopped(path: Path, frames: int, moving: int) -> None:
    """Write one small video without loss, whose last frames all equal frame ``moving``."""
    content = moving_frames(frames, seed=1)
    content[moving:] = content[moving]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_with(path, content, "ffv1", "yuv444p")


@dataclass(frozen=True)
class Decoded:
    """A whole video: uint8 frames [T, H, W, 3] in RGB, how many of them repeat the one before, and the decoder."""

    frames: Frames
    repeats: int
    decoder: str


def decode(path: Path) -> Decoded:
    """Return every frame of a video, in memory."""
    chunks: list[Frames] = []
    reading = read(path, chunks.append)
    return Decoded(np.concatenate(chunks), reading.repeats, reading.decoder)


def write_lists(splits: Path, classes: list[str], train: list[str], test: list[str]) -> None:
    """Write classInd.txt, trainlist01.txt (lines as given, label included) and testlist01.txt."""
    splits.mkdir(parents=True, exist_ok=True)
    (splits / "classInd.txt").write_text("".join(f"{i} {name}\n" for i, name in enumerate(classes, start=1)))
    (splits / "trainlist01.txt").write_text("".join(f"{line}\n" for line in train))
    (splits / "testlist01.txt").write_text("".join(f"{line}\n" for line in test))


def write_tree(
    root: Path, classes: tuple[str, ...] = ("Alpha", "Beta"), groups: int = 3, frames: int = 8
) -> VideoSource:
    """Write a whole data set: each class has ``groups`` videos of ``frames``, ``frames + 1`` ... frames; the last is
    held out."""
    train, test = [], []
    for label, name in enumerate(classes):
        for group in range(1, groups + 1):
            path = f"{name}/v_{name}_g{group:02d}_c01.avi"
            write_video(root / "videos" / path, frames + group - 1, seed=10 * label + group)
            if group < groups:
                train.append(f"{path} {label + 1}")
            else:
                test.append(path)
    write_lists(root / "splits", list(classes), train, test)
    return VideoSource(root / "videos", root / "splits")
