"""Real clips by a ``DataLoader`` without worker processes: one clip is read, converted and returned at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from vidgen_bench.api import Batch, Feed, Game
from vidgen_bench.data.store import Store


@dataclass(frozen=True)
class Videos:
    """Decoded videos as a file of frames uint8 [F, 3, H, W], and where each video begins in it."""

    frames: NDArray[np.uint8]
    first: Sequence[int]
    lengths: Sequence[int]
    labels: Sequence[int]

    @classmethod
    def of(cls, store: Store) -> Videos:
        """Return the training videos of a store."""
        geometry, shown = store.geometry, store.train
        frames = np.memmap(store.folder / "frames.u8", np.uint8, "r").reshape(-1, 3, geometry.height, geometry.width)
        return cls(frames, [v.first for v in shown], [v.frames for v in shown], [v.label for v in shown])


class Clips(Dataset[tuple[torch.Tensor, int]]):
    """One clip per video at a random offset: float32 [3, T, H, W] in [-1, 1)."""

    def __init__(self, videos: Videos, feed: Feed, seed: int) -> None:
        self._videos, self._feed, self._chance = videos, feed, np.random.default_rng(seed)

    def __len__(self) -> int:
        return len(self._videos.first)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        feed, length, first = self._feed, self._videos.lengths[index], self._videos.first[index]
        stride = feed.stride if length >= feed.stride * (feed.frames - 1) + 1 else 1
        start = first + int(self._chance.integers(max(1, length - stride * (feed.frames - 1))))
        clip = self._videos.frames[start : start + stride * (feed.frames - 1) + 1 : stride]
        ready = (clip.astype(np.float32) - 128) / 128
        return torch.from_numpy(ready.transpose(1, 0, 2, 3)), self._videos.labels[index]


def batches(videos: Videos, feed: Feed, rows: int, seed: int, device: torch.device) -> Iterator[Batch]:
    """Yield batches without end, each video once per epoch, in another order in each."""
    order = torch.Generator().manual_seed(seed)
    loader = DataLoader(Clips(videos, feed, seed), rows, shuffle=True, drop_last=True, generator=order)
    while True:
        for clips, labels in loader:
            yield Batch(clips.to(device), labels.to(device))


def batches_of(game: Game, videos: Videos, seed: int, device: torch.device) -> dict[str, Iterator[Batch]]:
    """Return the batches of every player that sees real clips."""
    fed = [(number, p, p.feed) for number, p in enumerate(game.players) if p.feed]
    return {p.name: batches(videos, feed, p.batch, seed + number, device) for number, p, feed in fed}


class Fed:
    """The same batches for the trainer, whose players ask for one position after the other."""

    def __init__(self, streams: dict[str, Iterator[Batch]]) -> None:
        self._streams = streams

    def batch(self, name: str, feed: Feed, position: int, rows: int, rank: int = 0, world: int = 1) -> Batch:
        """Return the next batch of a player."""
        return next(self._streams[name])
