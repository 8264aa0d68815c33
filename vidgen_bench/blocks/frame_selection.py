"""Some frames of each clip, drawn at random, for a discriminator that judges single frames."""

from __future__ import annotations

import torch
from torch import Tensor

from vidgen_bench.noise import Noise


def random_frames(frames: Tensor, count: int, noise: Noise, name: str) -> Tensor:
    """Return ``count`` different frames of each clip, uniformly drawn for each clip by itself, in random order.

    Clip i gets the frames of the ``count`` smallest of T uniform numbers, smallest first. They depend only on row i of the noise.

    Args:
        frames: [N, T, ...].
        count: k, at most T.
        noise: the source of the draw, N rows.
        name: the name of the draw: two draws with one name choose the same frames.
    Returns:
        [N, k, ...].
    """
    length = frames.shape[1]
    picked = noise.uniform(name, length).argsort(dim=1, stable=True)[:, :count]
    index = picked + length * torch.arange(len(frames), device=frames.device)[:, None]
    return frames.flatten(0, 1).index_select(0, index.flatten()).unflatten(0, picked.shape)
