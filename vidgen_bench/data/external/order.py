"""The order in which clips from elsewhere are measured: keyed, so that a batch is a random subset of them."""

from __future__ import annotations

import torch

from vidgen_bench.noise import key_of, random_bits


def measuring_order(count: int) -> tuple[int, ...]:
    """Return the numbers 0 .. count - 1 in keyed order, a pure function of ``count``.

    Samplers write class after class; a batch of clips that follow each other would have few of the classes, and so would a split.
    """
    rows = torch.arange(count, dtype=torch.int64)
    key = torch.tensor(key_of("clips from elsewhere", count), dtype=torch.int64)
    return tuple(random_bits(key, "order", rows, 1)[:, 0].argsort(stable=True).tolist())
