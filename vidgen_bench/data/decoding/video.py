"""Decoding of a video: every frame, in order, from frame 0.

decord 0.6 silently returns wrong frames after a seek in a file with a single key frame, so this module never seeks.
PyAV is used if decord has no wheel, fails, or returns a frame count that differs from the header's. Both give the same pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from vidgen_bench.errors import DataError

Frames = NDArray[np.uint8]
"""uint8 [T, H, W, 3], RGB."""

CHUNK = 32
"""Frames passed on at a time, so that a long video needs no more memory than a short one."""


@dataclass(frozen=True)
class Reading:
    """The result of reading a video to its end: frame counts and the decoder."""

    frames: int
    header_frames: int | None
    decoder: str


def read(path: Path, take: Callable[[Frames], None], restart: Callable[[], None]) -> Reading:
    """Pass every frame of a video to ``take``, in order, a few at a time.

    ``restart`` is called before each attempt: discard all frames taken so far, they come from a decoder that failed.

    Raises:
        DataError: the file cannot be read, has no frames, or has fewer frames than its header declares; the text names it.
    """
    header = header_frames(path)
    if (library := _decord()) is not None:
        reading = _try_decord(library, path, take, restart, header)
        if reading is not None:
            return reading
    restart()
    return _checked(path, Reading(_pump(path, _pyav_frames(path), take), header, f"pyav {av.__version__}"))


def header_frames(path: Path) -> int | None:
    """Return the frame count that the container declares, or None if it declares none.

    Raises:
        DataError: the file is not a video.
    """
    try:
        if path.is_file() and path.stat().st_size == 0:
            raise DataError(f"{path}: the file is empty (0 bytes); expected a video. Copy it again.")
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise DataError(f"{path}: the file has no video stream; expected a video, such as an .avi.")
            return container.streams.video[0].frames or None
    except (av.error.FFmpegError, OSError) as error:
        raise _unreadable(path, error) from error


@cache
def _decord() -> ModuleType | None:
    try:
        import decord
    except (ImportError, OSError, RuntimeError):  # no wheel for this platform, or its shared library fails to load
        return None
    decord.logging.set_level(decord.logging.ERROR)
    return decord


def _try_decord(
    library: ModuleType, path: Path, take: Callable[[Frames], None], restart: Callable[[], None], header: int | None
) -> Reading | None:
    """Read with decord; if it fails or its frame count differs from the header's, return None (PyAV is tried next)."""
    restart()
    try:
        reader = library.VideoReader(str(path), ctx=library.cpu(0), num_threads=1)
        count = _pump(path, (reader.next().asnumpy() for _ in range(len(reader))), take)
    except (library.DECORDError, RuntimeError, StopIteration):
        return None
    agrees = count > 0 if header is None else count == header
    return Reading(count, header, f"decord {library.__version__}") if agrees else None


def _pyav_frames(path: Path) -> Iterator[Frames]:
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1  # the worker processes are the parallelism
            for frame in container.decode(stream):
                yield np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    except (av.error.FFmpegError, OSError) as error:
        raise _unreadable(path, error) from error


def _pump(path: Path, frames: Iterator[Frames], take: Callable[[Frames], None]) -> int:
    """Pass frames to ``take`` in chunks; return their number."""
    count = 0
    chunk: list[Frames] = []
    for frame in frames:
        if chunk and frame.shape != chunk[0].shape:
            raise DataError(f"{path}: the frame size changes from {chunk[0].shape} to {frame.shape} at frame {count}.")
        chunk.append(frame)
        count += 1
        if len(chunk) == CHUNK:
            take(np.stack(chunk))
            chunk = []
    if chunk:
        take(np.stack(chunk))
    return count


def _checked(path: Path, reading: Reading) -> Reading:
    if reading.frames == 0:
        raise DataError(f"{path}: no frame could be decoded; expected a video. Copy it again.")
    if reading.header_frames is not None and reading.frames < reading.header_frames:
        raise DataError(
            f"{path}: truncated: the header declares {reading.header_frames} frames, {reading.frames} could be decoded. Copy it again."
        )
    return reading


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(f"{path}: cannot be read as a video ({getattr(error, 'strerror', None) or error}). Copy it again.")
