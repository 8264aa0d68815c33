"""What the clips of a batch take from a store."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vidgen_bench.data.placed_frames import PlacedFrames


@dataclass(frozen=True)
class Source:
    """The frames of a store, and the first frame of each video of a split, int64 [V]."""

    frames: PlacedFrames
    first: Tensor


@dataclass(frozen=True)
class Draw:
    """What the clips of a batch take from a store; with one more leading axis, those of several batches."""

    videos: Tensor  # int64 [N], numbers within the split
    frames: Tensor  # int64 [N, T], indices in the store
    left: Tensor | None  # int64 [N], the first column with shift-x
    flipped: Tensor | None  # bool [N] with flip

    def of_batch(self, number: int) -> Draw:
        """Return the draw of one of several batches."""
        left, flipped = (None if values is None else values[number] for values in (self.left, self.flipped))
        return Draw(self.videos[number], self.frames[number], left, flipped)
