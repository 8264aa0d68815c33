"""Fits external clips to the shape and pixel values of a track. Every change must be requested, and is recorded by name."""

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
from vidgen_bench.data.external.source import ClipShape, Source, ValueRange
from vidgen_bench.data.geometry import FrameGeometry, Rule
from vidgen_bench.errors import DataError, RequestError, did_you_mean
from vidgen_bench.noise import key_of, random_bits

Trim = Literal["first", "centre"]
"""The frames of a longer clip to keep."""

RULE: Rule = "cubic-antialias"
"""Rule for resizing frames: bicubic, antialiased, as in PIL."""

FITTED_BYTES = 2**28
"""The largest clip, as uint8, that is resized: its frames are in memory at once."""

ROWS = 32
"""Clips read at a time."""


@dataclass(frozen=True)
class Clips:
    """A source whose clips all fit a track after ``changes``; made by :func:`fitted`."""

    source: Source
    clip: Clip
    trim: Trim | None
    changes: tuple[str, ...]
    """Changes made to the clips: ``("resize=cubic-antialias:128->64", "trim=first")``; () if there are none."""

    @property
    def count(self) -> int:
        """Number of clips."""
        return self.source.count

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Clip indices in the order of measurement, a keyed permutation."""
        return measuring_order(self.count)

    def read(self, indices: Sequence[int], rows: int = ROWS) -> Iterator[Tensor]:
        """Yield the clips with these indices, in this order, float32 [<= rows, 3, T, H, W] in [-1, 1].

        A pixel value p in 0 .. 255 becomes (p - 128) / 128, as in real clips; v in 0 .. 1 stands for p = 255 v; -1 .. 1 is unchanged.

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

    def stored(self, index: int) -> NDArray[np.uint8] | NDArray[np.float32]:
        """Return the frames of one clip that are measured, as stored, [T, H, W, 3].

        Raises:
            DataError: a file is damaged, or has changed since the source was opened; the text names it.
        """
        shape, frames = self.source.shapes[index], self.clip.frames
        start = (shape.frames - frames) // 2 if self.trim == "centre" else 0
        values = self.source.read(index, start, start + frames)
        if values.shape != (frames, shape.height, shape.width, 3):
            raise DataError(
                f"{self.source.names[index]}: frames {start} to {start + frames - 1} are now {len(values)} of {values.shape[1]} x "
                f"{values.shape[2]}; when the clips were opened they were {frames} of {shape.height} x {shape.width}. Do not change "
                "clips while they are measured."
            )
        return values

    def _one(self, index: int) -> NDArray[np.float32]:
        """Return one clip, float32 [3, T, H, W]."""
        values = self.stored(index)
        if values.shape[1] != self.clip.size:
            geometry = FrameGeometry(self.clip.size, self.clip.size, RULE, (0, 0, self.clip.size, self.clip.size))
            small = geometry.apply(_rounded(values, self.source.value_range))
            return _centred(small.transpose(1, 0, 2, 3).astype(np.float32))
        return _signed(values, self.source.value_range).transpose(3, 0, 1, 2)


def measuring_order(count: int) -> tuple[int, ...]:
    """Return a permutation of 0 .. count - 1 that depends on ``count`` only, so that every batch is a random subset.

    Samplers often write one class after another; without the permutation a batch or a split would contain only a few classes.
    """
    rows = torch.arange(count, dtype=torch.int64)
    key = torch.tensor(key_of("clips from elsewhere", count), dtype=torch.int64)
    return tuple(random_bits(key, "order", rows, 1)[:, 0].argsort(stable=True).tolist())


def fitted(source: Source, clip: Clip, *, resize: bool = False, trim: str | None = None) -> Clips:
    """Return the source as clips of this shape.

    Args:
        source: external clips.
        clip: shape of the track's clips.
        resize: resize square frames of another size to ``clip.size`` by ``RULE``; float values are first rounded to whole
            pixel values.
        trim: which ``clip.frames`` frames of a longer clip to keep: first, centre.
    Raises:
        RequestError: a clip does not fit; the text names the first one, the expected shape, and the option that helps.
    """
    known_trim = checked_trim(trim)
    check_shapes(source, clip, resize=resize, trim=trim)
    others = sorted({s.height for s in source.shapes} - {clip.size})
    changes = [f"resize={RULE}:{','.join(map(str, others))}->{clip.size}"] if others else []
    if others and source.value_range is not None:
        changes.insert(0, "rounded")
    kept: Trim | None = None
    if any(s.frames > clip.frames for s in source.shapes):
        kept = known_trim
        changes.append(f"trim={kept}")
    return Clips(source, clip, kept, tuple(changes))


def check_shapes(source: Source, clip: Clip, *, resize: bool, trim: str | None) -> None:
    """Refuse clips that do not fit, before any of them is read; arguments and errors are those of :func:`fitted`."""
    for name, shape in zip(source.names, source.shapes, strict=True):
        _check_frames(name, shape.frames, clip.frames, trim is not None)
        _check_size(name, shape, clip.size, resize)
        if 3 * clip.frames * shape.height * shape.width > FITTED_BYTES:
            raise RequestError(
                f"{name} has frames of {shape.height} x {shape.width}; {clip.frames} of them are too large to be resized at once. "
                "Make them smaller first."
            )


def checked_trim(trim: str | None) -> Trim | None:
    """Return the value of ``trim`` unchanged, checked.

    Raises:
        RequestError: the value is unknown.
    """
    if trim is not None and trim not in get_args(Trim):
        raise RequestError(f"trim {trim!r} is unknown.{did_you_mean(trim, get_args(Trim))}")
    return cast(Trim | None, trim)


def _check_frames(name: str, found: int, wanted: int, trim: bool) -> None:
    if found < wanted:
        merged = (
            " GIF and WebP encoders merge consecutive equal frames; use pictures or arrays to keep them."
            if name.lower().endswith((".gif", ".webp"))
            else ""
        )
        raise RequestError(
            f"{name} has {found} frame{'s' * (found != 1)}; expected {wanted}. Frames are never added: sample longer clips.{merged}"
        )
    if found > wanted and not trim:
        raise RequestError(
            f"{name} has {found} frames; expected {wanted}. Pass --trim first or --trim centre to keep {wanted} of them; the id "
            "of the scores records the change."
        )


def _check_size(name: str, shape: ClipShape, wanted: int, resize: bool) -> None:
    if shape.height != shape.width:
        raise RequestError(
            f"{name} has frames of {shape.height} rows and {shape.width} columns; expected {wanted} x {wanted}. Crop the clips to a "
            "square before you pass them: --resize does not change proportions."
        )
    if shape.height != wanted and not resize:
        raise RequestError(
            f"{name} has frames of {shape.height} x {shape.width}; expected {wanted} x {wanted}. Pass --resize to resize them "
            "(bicubic, antialiased); the id of the scores records the change."
        )


def _signed(values: NDArray[np.uint8] | NDArray[np.float32], value_range: ValueRange | None) -> NDArray[np.float32]:
    """Return pixels in the range of real clips, [-1, 1]."""
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
