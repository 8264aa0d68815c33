"""Draws clips from a store as a pure function of (seed, name, position), so resuming needs no saved state.

Order: each name has its own keyed permutation of the videos for every epoch; the incomplete last batch is dropped.
Offset rule (TGAN's and the paper's): with span = stride * (frames - 1) + 1, the start is uniform in
0 .. length - span - 1, so the last possible start is never drawn; it is 0 if length <= span.
Augmentation: ``flip`` mirrors half of the clips; ``shift-x`` cuts each clip at its own random column from a wide store, which has
the rows of the track's crop and every column. Measurements use neither, unless a protocol's reference statistics require it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Literal, TypeVar

import torch
from torch import Tensor

from vidgen_bench.api import Batch, Feed
from vidgen_bench.data.draw import Draw, Source
from vidgen_bench.data.placed_frames import PlacedFrames, sent
from vidgen_bench.data.read_ahead import ReadAhead
from vidgen_bench.data.shifted_crops import cut, first_columns
from vidgen_bench.data.store import Store
from vidgen_bench.errors import DataError, RequestError
from vidgen_bench.noise import key_of, keys_of, random_bits

Position = TypeVar("Position", int, Tensor)

Augment = tuple[Literal["flip", "shift-x"], ...]

_Stream = tuple[str, Feed, int, int, int]
"""Name, feed, rows, rank and number of processes: what a stream of batches is a function of, besides the position."""

AHEAD = 64
"""Batches of a player that are drawn at once, which saves a device hundreds of small operations per batch."""


class ClipSampler:
    """Clips of one split of a store, on one device.

    The store is copied to a CUDA device if it fits in half of the free memory; otherwise clips are read from its
    file, one batch ahead. ``wide`` has the same videos with every column, for feeds with ``shift-x``.

    Raises:
        DataError: ``wide`` does not have the same videos.
    """

    def __init__(
        self,
        store: Store,
        split: Literal["train", "test"],
        seed: int,
        device: torch.device | str,
        wide: Store | None = None,
    ) -> None:
        entries = store.train if split == "train" else store.test
        self.videos = len(entries)
        """Videos of the split."""
        self.device = torch.device(device)
        self._seed = seed
        if wide is not None:
            _require_same_videos(wide, store, split)
        placed = [PlacedFrames.of(s, self.device) for s in (store, wide) if s is not None]
        self._at = self.device if all(p.held for p in placed) else torch.device("cpu")
        """The device of what is drawn: it indexes frames in the device's memory, or in files."""
        self._length = self._column([e.frames for e in entries])
        self._labels = self._column([e.label for e in entries]).to(self.device)
        self._shortest = min(entries, key=lambda e: e.frames)
        firsts = [[e.first for e in (s.train if split == "train" else s.test)] for s in (store, wide) if s is not None]
        sources = [Source(p, self._column(first)) for p, first in zip(placed, firsts, strict=True)]
        self._frames, self._wide = sources[0], sources[1] if wide is not None else None
        self._width = store.geometry.width
        self._read_ahead = ReadAhead(self.device)
        self._orders = lru_cache(maxsize=8)(self._permutations)
        self._batches = lru_cache(maxsize=8)(self._draw_batches)

    def batch(self, name: str, feed: Feed, position: int, rows: int, rank: int = 0, world: int = 1) -> Batch:
        """Return this process's share of batch ``position`` of the stream ``name``.

        With V videos, an epoch has V // rows batches and drops the rest. If rows > V, batches continue into the next
        epoch without dropping any.

        Args:
            name: the player's name; every name has its own order and offsets.
            feed: frames, stride and augmentation.
            position: 0, 1, 2 ... without end.
            rows: rows over all processes; this process gets ``rows // world`` of them, from ``rank * rows // world`` on.
            rank, world: this process and the number of processes, which must divide ``rows``.
        Returns:
            clips float32 [rows / world, 3, T, H, W] in [-1, 1), (x - 128) / 128; labels int64.
        Raises:
            RequestError: ``rows`` is not a multiple of ``world``, or the store lacks the columns for an augmentation.
            DataError: a video has fewer frames than the feed.
        """
        if rows < 1 or rows % world:
            raise RequestError(
                f"batch of {rows} rows for {world} process(es): expected a positive multiple of {world}."
            )
        stream = (name, feed, rows, rank, world)
        draw, frames = self._draw_at(stream, position), self._source(feed).frames
        if frames.held or self.device.type == "cpu":
            return self._made(draw, frames.gather(draw.frames))
        read = self._read_ahead.take(
            stream,
            position,
            lambda: frames.read(draw.frames),
            partial(frames.read, self._draw_at(stream, position + 1).frames),
        )
        return self._made(draw, sent(read, self.device))

    def evaluation(self, purpose: str, indices: Tensor, frames: int, augment: Augment = ()) -> Batch:
        """Return the real clips with these sample indices [n]: clip i is a pure function of (seed, purpose, i).

        Indices 0 .. V - 1 are the V videos in keyed order, V .. 2 V - 1 are all of them again, and so on, each clip with
        its own offset.
        """
        feed = Feed(frames, augment=augment)
        index = indices.to(device="cpu", dtype=torch.int64)
        least, most = (int(index.min()), int(index.max())) if len(index) else (0, 0)
        index = sent(index, self._at)
        videos = self._items(purpose, index, least, most)
        return self._gather(self._draw(videos, self._key(purpose, -1), index, feed), feed)

    def passes(self, purpose: str, passes: int, frames: int, rows: int, augment: Augment = ()) -> Iterator[Batch]:
        """Yield every video of the split exactly once per pass, in list order, with new offsets in each pass.

        A batch has ``rows`` clips; the last batch of a pass may have fewer.
        """
        feed = Feed(frames, augment=augment)
        for number in range(passes):
            key = self._key(purpose, "pass", number)
            for videos in self._range(0, self.videos).split(rows):
                yield self._gather(self._draw(videos, key, videos, feed), feed)

    def _column(self, values: list[int]) -> Tensor:
        return torch.tensor(values, dtype=torch.int64).to(self._at)

    def _range(self, start: int, stop: int) -> Tensor:
        return torch.arange(start, stop, dtype=torch.int64, device=self._at)

    def _key(self, *parts: int | str) -> Tensor:
        return torch.full((), key_of(self._seed, "clips", *parts), dtype=torch.int64, device=self._at)

    def _draw_at(self, stream: _Stream, position: int) -> Draw:
        block, number = divmod(position, AHEAD)
        return self._batches(*stream, block).of_batch(number)

    def _draw_batches(self, name: str, feed: Feed, rows: int, rank: int, world: int, block: int) -> Draw:
        """Return what the ``AHEAD`` batches of a block take."""
        first, each = block * AHEAD, rows // world
        positions = self._range(first, first + AHEAD)
        row = self._range(rank * each, (rank + 1) * each)
        items = self._stream(positions, rows)[:, None] + row
        most = self._stream(first + AHEAD - 1, rows) + rows - 1
        videos = self._items(name, items, self._stream(first, rows), most)
        return self._draw(videos, keys_of((self._seed, "clips", name), positions)[:, None], row, feed)

    def _stream(self, position: Position, rows: int) -> Position:
        """Return the index of a batch's first item in the stream of epochs."""
        if rows > self.videos:
            return position * rows
        each = self.videos // rows
        return position // each * self.videos + position % each * rows

    def _items(self, name: str, indices: Tensor, least: int, most: int) -> Tensor:
        """Return the videos at these indices of the stream of epochs, which lie between ``least`` and ``most``."""
        first = least // self.videos
        orders = self._orders(name, first, most // self.videos)
        return orders[indices // self.videos - first, indices % self.videos]

    def _permutations(self, name: str, first: int, last: int) -> Tensor:
        """Return the order of the videos in each of these epochs, [epochs, V]."""
        keys = keys_of((self._seed, "clips", name, "epoch"), self._range(first, last + 1))
        return random_bits(keys[:, None], "order", self._range(0, self.videos), 1)[..., 0].argsort(dim=-1, stable=True)

    def _draw(self, videos: Tensor, key: Tensor, rows: Tensor, feed: Feed) -> Draw:
        """Return what the clips of these videos [..., N] take under these keys, one per batch."""
        self._check(feed)

        def bits(name: str) -> Tensor:
            return random_bits(key, name, rows, 1)[..., 0]

        start, stride = _starts(self._length[videos], feed, bits("offset"))
        source = self._source(feed)
        frames = (source.first[videos] + start)[..., None] + stride[..., None] * self._range(0, feed.frames)
        left = None
        if source is self._wide:
            left = first_columns(source.frames.columns - self._width, bits("shift-x"))
        return Draw(videos, frames, left, bits("flip") < 0 if "flip" in feed.augment else None)

    def _gather(self, draw: Draw, feed: Feed) -> Batch:
        return self._made(draw, self._source(feed).frames.gather(draw.frames))

    def _made(self, draw: Draw, clips: Tensor) -> Batch:
        """Return the batch of these frames, uint8 [N, T, 3, H, W] on the device."""
        if draw.left is not None:
            clips = cut(clips, sent(draw.left, self.device), self._width)
        clips = (clips.permute(0, 2, 1, 3, 4).to(torch.float32, memory_format=torch.contiguous_format) - 128) / 128
        if draw.flipped is not None:
            flipped = sent(draw.flipped, self.device)
            clips = torch.where(flipped[:, None, None, None, None], clips.flip(-1), clips)
        return Batch(clips, self._labels[sent(draw.videos, self.device)])

    def _source(self, feed: Feed) -> Source:
        return self._wide if self._wide is not None and "shift-x" in feed.augment else self._frames

    def _check(self, feed: Feed) -> None:
        if "shift-x" in feed.augment and self._wide is None:
            raise RequestError("augment shift-x: this sampler has no wide store to crop from.")
        if self._shortest.frames < feed.frames:
            raise DataError(
                f"{self._shortest.path} has {self._shortest.frames} frames, the feed needs {feed.frames}. Request fewer frames."
            )


def _starts(length: Tensor, feed: Feed, bits: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first frame and the stride of each clip [N].

    A single frame is uniform over all frames. A video shorter than the span is read from its first frame with stride 1
    (MoCoGAN).

    Reference: pfnet-research/tgan, dataset code; sergeytulyakov/mocogan, ``VideoDataset``.
    """
    span = feed.stride * (feed.frames - 1) + 1
    choices = length if feed.frames == 1 else (length - span).clamp(min=1)
    start = (((bits >> 33) & 0x7FFFFFFF) * choices) >> 31
    stride = 1 + (length >= span) * (feed.stride - 1)
    return start, stride


def _require_same_videos(wide: Store, store: Store, split: Literal["train", "test"]) -> None:
    ours, theirs = (s.train if split == "train" else s.test for s in (store, wide))
    if [(e.path, e.frames) for e in ours] != [(e.path, e.frames) for e in theirs]:
        raise DataError(
            f"{wide.folder} does not have the same videos as {store.folder}: a file has changed since, or a video was "
            "missing when one of them was decoded. Delete both folders; the next run decodes again."
        )
