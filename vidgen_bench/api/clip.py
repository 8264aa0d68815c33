"""Clips: the shape that a track gives them, the instants of their frames, and real ones in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from torch import Tensor

Times = tuple[float, ...]
"""Instants in clip units: 0 is the first training frame, 1 the last; the training grid is ``i / (frames - 1)``."""

Ability = Literal["between", "before", "after"]
"""Instants between, before or after the training frames: the options ``--fps``, ``--rewind`` and ``--extend``."""


@dataclass(frozen=True)
class Clip:
    """The clip shape of the track, passed to the backbone."""

    frames: int
    """Frames of a training clip, T."""
    size: int
    """Side of the square frame in pixels, H = W."""
    classes: int
    """Classes in the data set."""
    channels: int = 3
    """Channels of a frame, C."""
    spare: int = 0
    """Columns of the resized frame outside the crop; ``shift-x`` needs at least one."""
    class_videos: tuple[int, ...] = ()
    """Training videos of each class, in the order of the labels; () where no data is at hand: a plan, a check, a finished run."""

    @property
    def grid(self) -> Times:
        """The training frames as instants, ``i / (frames - 1)``."""
        return tuple(i / (self.frames - 1) for i in range(self.frames))


@dataclass(frozen=True)
class Feed:
    """The real clips passed to a player's loss."""

    frames: int
    """Frames per clip; 1 for a batch of images."""
    stride: int = 1
    """Distance between consecutive frames; 1 takes every frame."""
    augment: tuple[Literal["flip", "shift-x"], ...] = ()
    """``flip`` mirrors half of the clips; ``shift-x`` crops each clip at a random column, if the track has ``spare`` ones."""


@dataclass(frozen=True)
class Batch:
    """Real clips and their classes."""

    clips: Tensor
    """[N, 3, T, H, W] in [-1, 1), float32."""
    labels: Tensor
    """[N], int64, 0 .. classes - 1."""


class ClipStream(Protocol):
    """Clips drawn from a list of videos, with seeded order and offsets."""

    def batch(self, name: str, feed: Feed, position: int, rows: int) -> Batch:
        """Return batch ``position`` of the stream ``name``."""

    def passes(self, purpose: str, passes: int, frames: int, rows: int) -> Iterator[Batch]:
        """Yield every video once per pass, with fresh offsets, in batches of ``rows`` clips."""
