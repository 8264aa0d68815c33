"""Animations as files: GIF and WebP by Pillow, MP4 by PyAV, with correct playback speed."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, features

from vidgen_bench.errors import RequestError
from vidgen_bench.system.files import write_whole
from vidgen_bench.system.output_file import Save

TRAINING_RATE = 8.0
"""Frames per second at which training clips are played."""

MP4_ENCODERS = ("libx264", "mpeg4")
"""The encoders to try, in order; builds of FFmpeg without the first are common."""

_PAPER = 255
_PALETTE_FRAMES, _PALETTE_PIXELS = 16, 20_000
_MOST_TICKS = 60_000
"""The largest time base: mpeg4 stores it in 16 bits."""


@dataclass(frozen=True)
class Film:
    """Frames to play, uint8 [H, W, 3], all of one size; the sequence may compute them on access."""

    frames: Sequence[np.ndarray]
    rate: float
    """Frames per second."""


@dataclass(frozen=True)
class _Container:
    """A file format and its limits."""

    write: Callable[[Path, Film, Save], None]
    rate: float
    """The highest frame rate that viewers play at full speed, in frames per second."""
    side: int
    """The largest width and height, in pixels."""


def write_film(path: Path, film: Film, layout: str, save: Save = write_whole) -> None:
    """Write a film in one of ``LAYOUTS`` by ``save``; call :func:`check_film` first."""
    LAYOUTS[layout].write(path, film, save)


def check_film(layout: str, rate: float, width: int, height: int) -> None:
    """Check that a format can hold a film, before its frames are computed.

    Raises:
        RequestError: too many frames per second or pixels for the format, or its encoder is missing on this machine.
    """
    container = LAYOUTS[layout]
    if rate > container.rate:
        raise RequestError(
            f"{rate:g} frames per second are too many for {layout}: viewers play at most {container.rate:g}, and slow faster "
            f"files down. Use a factor of at most {container.rate / TRAINING_RATE:g}, or mp4, which has no such limit."
        )
    if max(width, height) > container.side:
        raise RequestError(
            f"A picture of {width} x {height} pixels is too large for {layout}, which allows {container.side} per side. "
            "Show fewer clips at once, or write one file per clip."
        )
    if layout == "webp" and not features.check("webp"):
        raise RequestError("This build of Pillow has no WebP. Choose gif, mp4 or png.")
    if layout == "mp4":
        mp4_encoder()


def durations(total: int, rate: float, unit: int) -> list[int]:
    """Return the duration of each frame in milliseconds, in whole units, without accumulated rounding errors.

    d_i = unit (round(e_{i+1}) - round(e_i)), e_i = 1000 i / (rate unit).

    Args:
        total: number of frames.
        rate: frames per second.
        unit: the format's time unit in milliseconds, 10 for GIF.
    """
    edges = [round(1000 * i / (rate * unit)) for i in range(total + 1)]
    return [unit * (after - before) for before, after in pairwise(edges)]


def _write_gif(path: Path, film: Film, save: Save) -> None:
    palette = _palette(film.frames)
    pages = (Image.fromarray(f).quantize(palette=palette, dither=Image.Dither.NONE) for f in film.frames)
    _write_pages(path, save, pages, "GIF", durations(len(film.frames), film.rate, 10))


def _palette(frames: Sequence[np.ndarray]) -> Image.Image:
    """Return one palette of 256 colours for a whole film, which avoids flicker and makes smaller files.

    Maximum coverage followed by k-means: Pillow's median cut favours frequent colours, and turns small bright spots pale.
    """
    chosen = [frames[i] for i in np.unique(np.linspace(0, len(frames) - 1, _PALETTE_FRAMES).astype(int))]
    seen = np.concatenate([frame.reshape(-1, 3) for frame in chosen])
    spread = np.linspace(0, len(seen) - 1, _PALETTE_PIXELS).astype(int)
    return Image.fromarray(seen[spread][None]).quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=100)


def _write_webp(path: Path, film: Film, save: Save) -> None:
    # at this quality libwebp merges frames that differ by at most 3 of 255
    pages = (Image.fromarray(frame) for frame in film.frames)
    _write_pages(path, save, pages, "WEBP", durations(len(film.frames), film.rate, 1), quality=90, method=4)


def _write_pages(
    path: Path, save: Save, pages: Iterator[Image.Image], name: str, lasting: list[int], **how: int
) -> None:
    first = next(pages)
    save(
        path, lambda s: first.save(s, format=name, save_all=True, append_images=pages, duration=lasting, loop=0, **how)
    )


def mp4_encoder() -> str:
    """Return the name of the encoder for MP4.

    Raises:
        RequestError: FFmpeg was built without any of ``MP4_ENCODERS``.
    """
    import av

    for name in MP4_ENCODERS:
        try:
            return av.codec.Codec(name, "w").name
        except ValueError:  # missing from this build of FFmpeg
            continue
    raise RequestError(f"This build of PyAV has no encoder {' or '.join(MP4_ENCODERS)}. Choose gif, webp or png.")


def _write_mp4(path: Path, film: Film, save: Save) -> None:
    import av

    rate = Fraction(film.rate).limit_denominator(max(1, int(_MOST_TICKS / film.rate)))
    memory = io.BytesIO()
    with av.open(memory, "w", format="mp4") as container:
        stream: Any = container.add_stream(mp4_encoder(), rate=rate)
        stream.pix_fmt, stream.time_base = "yuv420p", 1 / rate
        if stream.codec_context.name == "libx264":
            stream.options = {"crf": "12"}
        else:
            stream.codec_context.qmin = stream.codec_context.qmax = 2  # the finest quantiser
        for number, picture in enumerate(map(_even, film.frames)):
            if number == 0:
                stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    save(path, lambda s: s.write(memory.getbuffer()))


def _even(picture: np.ndarray) -> np.ndarray:
    """Return the picture padded to an even number of rows and of columns, which 4:2:0 chroma requires."""
    odd = [(0, picture.shape[0] % 2), (0, picture.shape[1] % 2), (0, 0)]
    return np.ascontiguousarray(np.pad(picture, odd, constant_values=_PAPER))


LAYOUTS = {
    "gif": _Container(_write_gif, 50.0, 65_535),
    "webp": _Container(_write_webp, 90.0, 16_383),
    "mp4": _Container(_write_mp4, float("inf"), 16_384),
}
"""The formats by name. Browsers show GIF frames shorter than 20 ms, and WebP frames shorter than 11 ms, for 100 ms."""
