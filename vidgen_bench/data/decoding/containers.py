"""Opens a video file: one local file, in a container that names no other files, and the stream that a player shows."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import av.error
from av.stream import Disposition

from vidgen_bench.data.decoding.truncation import truncation
from vidgen_bench.errors import DataError

CONTAINERS: Mapping[str, tuple[str, ...]] = {
    "avi": (".avi", ".divx"),
    "mov": (".mp4", ".m4v", ".mov", ".3gp"),
    "matroska": (".mkv", ".webm"),
    "mpeg": (".mpg", ".mpeg", ".vob"),
    "mpegts": (".ts", ".mts", ".m2ts"),
    "asf": (".wmv", ".asf"),
    "flv": (".flv",),
    "ogg": (".ogv",),
}
"""FFmpeg's readers of containers, and the suffixes of their files. No other reader is used: a playlist can name any file or URL."""

SUFFIXES = tuple(suffix for suffixes in CONTAINERS.values() for suffix in suffixes)

FRAME_BYTES = 2**28
"""The largest decoded frame, three times that of 8K video; to decode a frame takes about five times its size."""

_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": ",".join(CONTAINERS)}


@contextmanager
def opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """Yield a video's container and the stream that a player shows.

    Raises:
        DataError: the file is not a video, is truncated, or uses a codec that PyAV does not have; the text names it. Errors of
            FFmpeg inside the block become a DataError too.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(f"{path}: its suffix is not one of a video; expected {', '.join(SUFFIXES)}.")
    try:
        if reason := truncation(path):
            raise DataError(f"{path}: {reason} Copy it again.")
        # without "file:" a name such as "http:host.mp4" is a URL; a title may be in any encoding
        with av.open(f"file:{os.path.abspath(path)}", options=_OPTIONS, metadata_errors="replace") as container:
            yield container, _shown(path, container)
    except (av.error.FFmpegError, OSError) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> DataError:
    """Return the error for a file that FFmpeg or the operating system cannot read."""
    if getattr(error, "errno", None) == errno.EINVAL:  # of what is not on the list of formats
        readable = ", ".join(suffixes[0] for suffixes in CONTAINERS.values())
        return DataError(
            f"{path}: cannot be read as a video: its content is not that of {readable} or the like. Playlists are not followed."
        )
    return DataError(f"{path}: cannot be read as a video ({getattr(error, 'strerror', None) or error}). Copy it again.")


def _shown(path: Path, container: Any) -> Any:
    """Return the stream that ffmpeg and players choose: no cover picture; the one marked as default, else the largest, else the first."""
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        raise DataError(f"{path}: the file has no video stream; expected a video, such as an .avi.")
    known = [s for s in streams if s.codec_context is not None]
    if not known:
        raise DataError(f"{path}: its video codec is unknown to PyAV {av.__version__}. Encode it as H.264.")

    def rank(stream: Any) -> tuple[bool, int]:
        return bool(stream.disposition & Disposition.default), stream.width * stream.height

    stream = max(known, key=rank)
    check_size(path, stream.height, stream.width)
    return stream


def check_size(path: Path, height: int, width: int) -> None:
    """Refuse frames that are larger than ``FRAME_BYTES``.

    Raises:
        DataError: they are.
    """
    if 3 * height * width > FRAME_BYTES:
        raise DataError(f"{path} has frames of {height} x {width} pixels, too large for a clip.")
