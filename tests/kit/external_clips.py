"""Clips as a stranger's sampler leaves them, in every container."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.kit.data_files import moving_frames
from vidgen_bench.api import Clip

CLIP = Clip(frames=6, size=24, classes=2)


def pixels(count: int = 3, frames: int = 6, size: int = 24, seed: int = 0) -> NDArray[np.uint8]:
    """Return uint8 [N, T, H, W, 3]: noise, so that any loss or swap of axes shows."""
    return np.random.default_rng(seed).integers(0, 256, (count, frames, size, size, 3), dtype=np.uint8)


def smooth(count: int = 3, frames: int = 6, size: int = 64) -> NDArray[np.uint8]:
    """Return uint8 [N, T, H, W, 3] that a lossy codec keeps nearly as it is."""
    return np.stack([moving_frames(frames, seed, size, size) for seed in range(count)])


def convention(clips: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return float32 [N, 3, T, H, W], as real clips are measured."""
    return (clips.transpose(0, 4, 1, 2, 3).astype(np.float32) - 128) / 128


def write_frames(folder: Path, clip: NDArray[np.uint8], pattern: str = "frame_{}.png") -> Path:
    """Write one picture a frame, numbered from 1 without leading zeros."""
    folder.mkdir(parents=True)
    for number, frame in enumerate(clip, start=1):
        Image.fromarray(frame).save(folder / pattern.format(number))
    return folder


def write_animation(path: Path, clip: NDArray[np.uint8], **how: object) -> Path:
    """Write a GIF or WebP by Pillow."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *rest = [Image.fromarray(frame) for frame in clip]
    first.save(path, save_all=True, append_images=rest, duration=100, **how)
    return path


def npy_bytes(array: NDArray[np.generic]) -> bytes:
    """Return an .npy file."""
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def write_zip(path: Path, members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a zip of these members."""
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def gif(size: int, frames: Sequence[tuple[int, int, NDArray[np.uint8], int]]) -> bytes:
    """Return a GIF whose frames are (left, top, indices [h, w] below 128, disposal 0 .. 3); index i has the colour (i, 2 i, 255 - i)."""
    palette = b"".join(bytes((i, 2 * i, 255 - i)) for i in range(128))
    parts = [b"GIF89a", struct.pack("<HHBBB", size, size, 0xF6, 0, 0), palette]
    for left, top, indices, disposal in frames:
        rows, columns = indices.shape
        parts.append(b"\x21\xf9\x04" + struct.pack("<BHBB", disposal << 2, 10, 0, 0))
        parts.append(b"\x2c" + struct.pack("<HHHHB", left, top, columns, rows, 0) + b"\x07")
        flat = indices.tobytes()
        # a clear code before every 126 pixels keeps codes at 8 bits, so that a code is a byte
        codes = b"".join(b"\x80" + flat[i : i + 126] for i in range(0, len(flat), 126)) + b"\x81"
        parts += [bytes([len(codes[i : i + 255])]) + codes[i : i + 255] for i in range(0, len(codes), 255)]
        parts.append(b"\0")
    return b"".join([*parts, b"\x3b"])
