"""Brings clips from elsewhere to the shape and values of a track; what is changed on the way is asked for, and named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vidgen_bench.api import Clip
from vidgen_bench.data.external.order import measuring_order
from vidgen_bench.data.external.source import ClipShape, Source, ValueRange
from vidgen_bench.data.geometry import FrameGeometry, Rule
from vidgen_bench.errors import RequestError, did_you_mean

Trim = Literal["first", "centre"]
"""Which frames of a longer clip are kept."""

RULE: Rule = "cubic-antialias"
"""How frames are resized: bicubic, antialiased, as PIL does."""

ROWS = 32
"""Clips read at a time."""


@dataclass(frozen=True)
class Clips:
    """A source whose clips all fit a track, after ``changes``; :func:`fitted` makes one."""

    source: Source
    clip: Clip
    trim: Trim | None
    changes: tuple[str, ...]
    """What is done to the clips: ``("resize=cubic-antialias:128->64", "trim=first")``; () where they are taken as they are."""

    @property
    def count(self) -> int:
        """Clips."""
        return self.source.count

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The clips in the order in which they are measured: keyed, whatever the order of the files."""
        return measuring_order(self.count)

    def read(self, indices: Sequence[int], rows: int = ROWS) -> Iterator[Tensor]:
        """Yield the clips with these indices, in this order, float32 [<= rows, 3, T, H, W] in [-1, 1].

        A pixel value p of 0 .. 255 becomes (p - 128) / 128, as in real clips; v in 0 .. 1 is p = 255 v; v in -1 .. 1 stays.

        Raises:
            DataError: a file is damaged; the text names it.
        """
        side = self.clip.size
        for first in range(0, len(indices), rows):
            some = indices[first : first + rows]
            block = np.empty((len(some), 3, self.clip.frames, side, side), np.float32)
            for row, index in enumerate(some):
                block[row] = self._one(index)
            yield torch.from_numpy(block)

    def _one(self, index: int) -> NDArray[np.float32]:
        """Return one clip, float32 [3, T, H, W]."""
        shape, frames = self.source.shapes[index], self.clip.frames
        start = (shape.frames - frames) // 2 if self.trim == "centre" else 0
        values = self.source.read(index, start, start + frames)
        if shape.height != self.clip.size:
            geometry = FrameGeometry(self.clip.size, self.clip.size, RULE, (0, 0, self.clip.size, self.clip.size))
            small = geometry.apply(_rounded(values, self.source.value_range))
            return _centred(small.transpose(1, 0, 2, 3).astype(np.float32))
        return _signed(values, self.source.value_range).transpose(3, 0, 1, 2)


def fitted(source: Source, clip: Clip, *, resize: bool = False, trim: str | None = None) -> Clips:
    """Return the source as clips of this shape.

    Args:
        source: clips made elsewhere.
        clip: the track's.
        resize: whether square frames of another size are resized to ``clip.size``, by ``RULE``; float values are first rounded
            to whole pixel values.
        trim: which ``clip.frames`` frames of a longer clip are kept: first, centre.
    Raises:
        RequestError: a clip does not fit; the text names the first one, the rule, and the option that would change it.
    """
    known_trim = checked_trim(trim)
    for name, shape in zip(source.names, source.shapes, strict=True):
        _check_frames(name, shape.frames, clip.frames, trim is not None)
        _check_size(name, shape, clip.size, resize)
    others = sorted({s.height for s in source.shapes} - {clip.size})
    changes = [f"resize={RULE}:{','.join(map(str, others))}->{clip.size}"] if others else []
    if others and source.value_range is not None:
        changes.insert(0, "rounded")
    kept: Trim | None = None
    if any(s.frames > clip.frames for s in source.shapes):
        kept = known_trim
        changes.append(f"trim={kept}")
    return Clips(source, clip, kept, tuple(changes))


def checked_trim(trim: str | None) -> Trim | None:
    """Return a way to trim as it is spelt here.

    Raises:
        RequestError: unknown.
    """
    if trim is not None and trim not in get_args(Trim):
        raise RequestError(f"trim {trim!r} is unknown.{did_you_mean(trim, get_args(Trim))}")
    return cast(Trim | None, trim)


def _check_frames(name: str, found: int, wanted: int, trim: bool) -> None:
    if found < wanted:
        merged = (
            " Writers of GIF and WebP merge equal frames that follow each other into one; pictures or arrays keep them apart."
            if name.lower().endswith((".gif", ".webp"))
            else ""
        )
        raise RequestError(
            f"{name} has {found} frame{'s' * (found != 1)}; expected {wanted}. No frame is made up: sample longer clips.{merged}"
        )
    if found > wanted and not trim:
        raise RequestError(
            f"{name} has {found} frames; expected {wanted}. Give --trim first or --trim centre to keep {wanted} of them; the id "
            "of the scores then says so."
        )


def _check_size(name: str, shape: ClipShape, wanted: int, resize: bool) -> None:
    if shape.height != shape.width:
        raise RequestError(
            f"{name} has frames of {shape.height} rows and {shape.width} columns; expected {wanted} x {wanted}. A square is cut "
            "where the clips are made; --resize keeps proportions."
        )
    if shape.height != wanted and not resize:
        raise RequestError(
            f"{name} has frames of {shape.height} x {shape.width}; expected {wanted} x {wanted}. Give --resize to resize them "
            "(bicubic, antialiased); the id of the scores then says so."
        )


def _signed(values: NDArray[np.uint8] | NDArray[np.float32], value_range: ValueRange | None) -> NDArray[np.float32]:
    """Return pixels in the harness's convention, [-1, 1]."""
    if value_range == "-1,1":
        return np.clip(values, -1, 1, dtype=np.float32)
    pixels = values.astype(np.float32)
    if value_range is not None:
        pixels = np.clip(pixels * np.float32(255 if value_range == "0,1" else 1), 0, 255)
    return _centred(pixels)


def _centred(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    middle = np.float32(128)
    return (pixels - middle) / middle


def _rounded(values: NDArray[np.uint8] | NDArray[np.float32], value_range: ValueRange | None) -> NDArray[np.uint8]:
    """Return whole pixel values, uint8."""
    if value_range is None:
        return values.astype(np.uint8)
    return np.clip(np.rint(128 * _signed(values, value_range) + 128), 0, 255).astype(np.uint8)
