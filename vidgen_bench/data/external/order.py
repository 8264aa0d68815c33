"""The order in which external clips are measured: a keyed permutation, so that every batch is a random subset."""

from __future__ import annotations

import torch

from vidgen_bench.noise import key_of, random_bits


def measuring_order(count: int) -> tuple[int, ...]:
    """Return a permutation of 0 .. count - 1 that depends on ``count`` only.

    Samplers often write one class after another; without the permutation a batch or a split would contain only a few classes.
    """
    rows = torch.arange(count, dtype=torch.int64)
    key = torch.tensor(key_of("clips from elsewhere", count), dtype=torch.int64)
    return tuple(random_bits(key, "order", rows, 1)[:, 0].argsort(stable=True).tolist())
