"""Decoding of a video: every frame that a player shows, in order, from frame 0, in the RGB that ffmpeg makes of it.

A player shows what the decoder returns: nothing for an empty chunk, for a packet that an edit list hides, or for frames that refer
to others before a cut; and no frame twice. This module never seeks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import av.filter
import numpy as np
from numpy.typing import NDArray

from vidgen_bench.data.decoding.containers import check_size, opened
from vidgen_bench.data.decoding.decoder_errors import logged_errors
from vidgen_bench.data.decoding.orientation import upright
from vidgen_bench.errors import DataError

Frames = NDArray[np.uint8]
"""uint8 [T, H, W, 3], RGB."""

CHUNK = 32
"""Frames passed on at a time, so that a long video needs no more memory than a short one."""

_CHUNK_BYTES = 2**26


@dataclass(frozen=True)
class Reading:
    """The result of reading a video to its end: its shape, the frames that equal the one before them, and the decoder."""

    frames: int
    height: int
    width: int
    repeats: int
    decoder: str


def read(path: Path, take: Callable[[Frames], None]) -> Reading:
    """Pass every frame of a video to ``take``, in order, a few at a time.

    Raises:
        DataError: the file cannot be read, has no frames, or is truncated or damaged; the text names it.
    """
    count = repeats = 0
    chunk: list[Frames] = []
    last = None
    for frame in _rgb(path, _decoded(path)):
        if last is not None and frame.shape != last.shape:
            raise DataError(f"{path}: the frame size changes from {last.shape} to {frame.shape} at frame {count}.")
        repeats += last is not None and frame.data.cast("B") == last.data.cast("B")
        count, last = count + 1, frame
        chunk.append(frame)
        if len(chunk) == CHUNK or len(chunk) * frame.nbytes > _CHUNK_BYTES:
            take(np.stack(chunk))
            chunk = []
    if last is None:
        raise DataError(f"{path}: no frame could be decoded; expected a video. Copy it again.")
    if chunk:
        take(np.stack(chunk))
    height, width = last.shape[:2]
    return Reading(count, height, width, repeats, f"pyav {av.__version__}")


def _decoded(path: Path) -> Iterator[Any]:
    """Yield the frames of the stream that a player shows, as decoded.

    Until the first key frame a failing packet is no damage: a recording may begin in the middle of a group of frames.
    """
    with logged_errors() as errors, opened(path) as (container, stream):
        stream.codec_context.thread_count = 1  # the worker processes are the parallelism
        errors.opened(stream.codec_context.name)
        keyed = shown = False
        for packet in _packets(container, stream):
            if reason := errors.lost():
                raise _damaged(path, reason)
            if not packet.size and packet.dts is not None:  # an empty packet, as of Theora; the last has no time
                continue
            keyed = keyed or packet.is_keyframe
            if packet.size and packet.is_corrupt:
                raise _damaged(path, "a packet is incomplete")
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                if keyed:
                    raise _damaged(path, errors.take(shown) or error.strerror) from error
                frames = []
            if (reason := errors.take(shown)) and keyed:
                raise _damaged(path, reason)
            for frame in frames:
                if frame.is_corrupt:
                    raise _damaged(path, "the decoder had to conceal errors")
                shown = True
                yield frame


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """Yield the packets of a stream, and an empty one without a time, which makes the decoder return its last frames."""
    with suppress(IndexError):  # after that one, PyAV may look for a stream that began when the file was open already
        yield from container.demux(stream)


def _rgb(path: Path, frames: Iterator[Any]) -> Iterator[Frames]:
    """Yield frames [H, W, 3], upright, converted by FFmpeg's filter: it knows colour matrix, range, depth and interlacing."""
    kind: tuple[int, int, str] | None = None
    for frame in frames:
        if kind is None:
            turn = upright(path, frame)
        if kind != (kind := (frame.width, frame.height, frame.format.name)):
            check_size(path, frame.height, frame.width)  # a frame may be larger than the file's header says
            convert = _converter(*kind)
        convert.push(frame)
        yield np.ascontiguousarray(turn(convert.pull().to_ndarray()), dtype=np.uint8)


def _converter(width: int, height: int, pixels: str) -> Any:
    """Return a filter graph that converts frames of this size and pixel format to 8-bit RGB."""
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=width, height=height, format=av.VideoFormat(pixels, width, height), time_base=Fraction(1)
    )
    one_thread, rgb, sink = graph.add("scale", "threads=1"), graph.add("format", "rgb24"), graph.add("buffersink")
    source.link_to(one_thread)
    one_thread.link_to(rgb)
    rgb.link_to(sink)
    graph.configure()
    return graph


def _damaged(path: Path, reason: str | None) -> DataError:
    return DataError(f"{path}: damaged: {reason}. Copy it again.")
