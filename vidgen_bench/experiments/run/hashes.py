"""The two hashes of a finished run: of the first final batch as pixels, and of the content of its best checkpoint.

Both depend on the hardware, as scores do: on another the last digits of a weight differ, and here and there a pixel with them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from vidgen_bench.experiments.pictures.grid import pixels

Draw = Callable[[range], Iterator[Tensor]]
"""Yields the clips with given indices, in parts [n, 3, T, H, W] in [-1, 1]."""


class HashedSamples:
    """Draws clips and hashes those of the first batch on their way: SHA-256 of their bytes as uint8 [N, T, H, W, 3].

    The pixels are those of the pictures, round(128 x + 128), see :func:`vidgen_bench.experiments.pictures.grid.pixels`.
    """

    def __init__(self, draw: Draw, batch: int) -> None:
        self._draw, self._batch = draw, batch
        self._sha, self._hashed = hashlib.sha256(), 0

    def __call__(self, indices: range) -> Iterator[Tensor]:
        """Yield the clips with these indices."""
        position = indices.start
        for clips in self._draw(indices):
            if position == self._hashed:
                self._add(clips)
            position += len(clips)
            yield clips

    def _add(self, clips: Tensor) -> None:
        wanted = clips[: self._batch - self._hashed]
        if len(wanted):
            self._sha.update(pixels(wanted).tobytes())
            self._hashed += len(wanted)

    def hexdigest(self) -> str:
        """Return the hash of the whole first batch; clips that were not drawn yet are drawn now."""
        for clips in self._draw(range(self._hashed, self._batch)):
            self._add(clips)
        return self._sha.hexdigest()


def checkpoint_hash(parts: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the SHA-256 of the networks' states: names, dtypes, shapes and bytes of their tensors, ordered by name.

    The bytes of a checkpoint file are not hashed: they contain dates and names that differ between equal checkpoints.

    Args:
        parts: the state of every part of the game, as in a checkpoint.
    """
    sha = hashlib.sha256()
    for part in sorted(parts):
        for name, value in sorted(parts[part].items()):
            sha.update(f"{part}\0{name}\0".encode())
            if isinstance(value, Tensor):
                tensor = value.detach().cpu().contiguous()
                sha.update(f"{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
                sha.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
            else:  # a part may keep plain values beside its tensors
                sha.update(repr(value).encode())
    return sha.hexdigest()
