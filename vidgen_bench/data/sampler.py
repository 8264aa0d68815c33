"""Draws clips from a store as a pure function of (seed, name, position), so resuming needs no saved state.

Order: each name has its own keyed permutation of the videos for every epoch; the incomplete last batch is dropped.
Offset rule (TGAN's and the paper's): with span = stride * (frames - 1) + 1, the start is uniform in
0 .. length - span - 1, so the last possible start is never drawn; it is 0 if length <= span.
Augmentation: ``flip`` mirrors half of the clips; ``shift-x`` cuts each clip at its own random column from a wide store, which has
the rows of the track's crop and every column. Measurements use neither, unless a protocol's reference statistics require it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor

from vidgen_bench.api import Batch, Feed
from vidgen_bench.data.frame_file import FrameFile
from vidgen_bench.data.store import Store
from vidgen_bench.errors import DataError, RequestError
from vidgen_bench.noise import key_of, random_bits
from vidgen_bench.system.device import free_memory

Augment = tuple[Literal["flip", "shift-x"], ...]

_DEVICE_SHARE = 0.5  # largest fraction of the device's free memory that a store may take

_WHOLE_COPY = 1 << 28  # bytes copied to the device at a time

_MARGIN = 16  # 1 / 16 of the spare columns stays unused on either side, as TGANv2's 4 of 64


@dataclass(frozen=True)
class _Frames:
    """All frames of a store [frames, 3, H, W] (uint8), on disk or on the device, and the first frame of each video of a split."""

    frames: FrameFile | Tensor
    first: Tensor

    def gather(self, index: Tensor, device: torch.device) -> Tensor:
        """Return the frames with these indices [N, T], uint8 [N, T, 3, H, W], on the device."""
        if isinstance(self.frames, FrameFile):
            return self.frames.gather(index).to(device)
        return self.frames[index.to(self.frames.device)].to(device)


class ClipSampler:
    """Clips of one split of a store, on one device.

    The store is copied to a CUDA device if it fits in half of the free memory; otherwise clips are read from its
    file. ``wide`` has the same videos with every column, for feeds with ``shift-x``.

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
        self._length = torch.tensor([e.frames for e in entries], dtype=torch.int64)
        self._labels = torch.tensor([e.label for e in entries], dtype=torch.int64)
        self._shortest = min(entries, key=lambda e: e.frames)
        self._frames = _Frames(_placed(store, self.device), torch.tensor([e.first for e in entries], dtype=torch.int64))
        self._wide = _same_videos(wide, store, split, self.device) if wide is not None else None
        self._width = store.geometry.width
        self._order = lru_cache(maxsize=8)(self._permutation)

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
        each = rows // world
        row = rank * each + torch.arange(each, dtype=torch.int64)
        key = self._key(name, position)
        videos = self._items(name, self._stream(position, rows) + row)
        return self._gather(videos, key, row, feed)

    def evaluation(self, purpose: str, indices: Tensor, frames: int, augment: Augment = ()) -> Batch:
        """Return the real clips with these sample indices [n]: clip i is a pure function of (seed, purpose, i).

        Indices 0 .. V - 1 are the V videos in keyed order, V .. 2 V - 1 are all of them again, and so on, each clip with
        its own offset.
        """
        index = indices.to(device="cpu", dtype=torch.int64)
        return self._gather(self._items(purpose, index), self._key(purpose, -1), index, Feed(frames, augment=augment))

    def passes(self, purpose: str, passes: int, frames: int, rows: int, augment: Augment = ()) -> Iterator[Batch]:
        """Yield every video of the split exactly once per pass, in list order, with new offsets in each pass.

        A batch has ``rows`` clips; the last batch of a pass may have fewer.
        """
        for number in range(passes):
            key = self._key(purpose, "pass", number)
            for videos in torch.arange(self.videos, dtype=torch.int64).split(rows):
                yield self._gather(videos, key, videos, Feed(frames, augment=augment))

    def _key(self, *parts: int | str) -> Tensor:
        return torch.tensor(key_of(self._seed, "clips", *parts), dtype=torch.int64)

    def _stream(self, position: int, rows: int) -> int:
        """Return the index of a batch's first item in the stream of epochs."""
        if rows > self.videos:
            return position * rows
        epoch, batch = divmod(position, self.videos // rows)
        return epoch * self.videos + batch * rows

    def _items(self, name: str, indices: Tensor) -> Tensor:
        """Return the videos at these indices [n] of the stream of epochs."""
        epochs = indices // self.videos
        result = torch.empty_like(indices)
        for epoch in epochs.unique().tolist():
            here = epochs == epoch
            result[here] = self._order(name, epoch)[indices[here] % self.videos]
        return result

    def _permutation(self, name: str, epoch: int) -> Tensor:
        rows = torch.arange(self.videos, dtype=torch.int64)
        return random_bits(self._key(name, "epoch", epoch), "order", rows, 1)[:, 0].argsort(stable=True)

    def _gather(self, videos: Tensor, key: Tensor, rows: Tensor, feed: Feed) -> Batch:
        self._check(feed)
        start, stride = _starts(self._length[videos], feed, random_bits(key, "offset", rows, 1)[:, 0])
        source = self._wide if self._wide is not None and "shift-x" in feed.augment else self._frames
        index = (source.first[videos] + start)[:, None] + stride[:, None] * torch.arange(feed.frames, dtype=torch.int64)
        clips = source.gather(index, self.device)  # uint8 [N, T, 3, H, W]
        if source is self._wide:
            clips = _cut(clips, random_bits(key, "shift-x", rows, 1)[:, 0], self._width)
        clips = (clips.permute(0, 2, 1, 3, 4).to(torch.float32, memory_format=torch.contiguous_format) - 128) / 128
        if "flip" in feed.augment:
            flipped = (random_bits(key, "flip", rows, 1)[:, 0] < 0).to(self.device)
            clips = torch.where(flipped[:, None, None, None, None], clips.flip(-1), clips)
        return Batch(clips, self._labels[videos].to(self.device))

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
    stride = torch.where(length >= span, feed.stride, 1)
    return start, stride


def _cut(clips: Tensor, bits: Tensor, width: int) -> Tensor:
    """Return [N, T, 3, H, width], each clip cropped at its own column, uniform between the margins.

    Reference: pfnet-research/tgan2, dataset code: with 64 spare columns the first column is one of 4 .. 60.
    """
    spare = clips.shape[-1] - width
    margin = spare // _MARGIN
    left = margin + ((((bits >> 33) & 0x7FFFFFFF) * (spare - 2 * margin + 1)) >> 31)
    columns = left[:, None] + torch.arange(width, dtype=torch.int64)
    return clips.gather(-1, columns.to(clips.device)[:, None, None, None, :].expand(*clips.shape[:-1], width))


def _same_videos(wide: Store, store: Store, split: Literal["train", "test"], device: torch.device) -> _Frames:
    """Return the wide frames of a split, in the order of ``store``."""
    ours, theirs = (s.train if split == "train" else s.test for s in (store, wide))
    if [(e.path, e.frames) for e in ours] != [(e.path, e.frames) for e in theirs]:
        raise DataError(
            f"{wide.folder} does not have the same videos as {store.folder}: a file has changed since, or a video was "
            "missing when one of them was decoded. Delete both folders; the next run decodes again."
        )
    return _Frames(_placed(wide, device), torch.tensor([e.first for e in theirs], dtype=torch.int64))


def is_held(size: int, device: torch.device) -> bool:
    """Return whether frames of this many bytes are kept in the device's memory: of a GPU, if half of its free memory suffices."""
    return device.type == "cuda" and size <= _DEVICE_SHARE * free_memory(device)


def _placed(store: Store, device: torch.device) -> FrameFile | Tensor:
    """Return all frames of a store, in the device's memory if they fit, otherwise as the file."""
    file = store.frames
    if not is_held(store.index.bytes, device):
        return file
    held = torch.empty(file.shape, dtype=torch.uint8, device=device)
    step = max(1, _WHOLE_COPY // max(1, held[:1].numel()))
    for start in range(0, len(file), step):
        held[start : start + step].copy_(torch.from_numpy(file[start : start + step]))
    return held
