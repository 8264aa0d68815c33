"""Fewer frames at each higher resolution: the choice of frames, and the pyramid of a real clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

if TYPE_CHECKING:
    from vidgen_bench.noise import Noise


def kept(noise: Noise, name: str, frames: int, factor: int) -> Tensor:
    """Return the indices of the kept frames: r, r + factor, r + 2 factor ..., r uniform in 0 .. factor - 1.

    The whole batch shares one r, on all processes; if there are fewer frames than ``factor``, one is kept.

    Args:
        noise: the source of the draw.
        name: the name of the draw.
        frames: number of frames. It and ``factor`` are powers of two, so the number of kept frames does not depend on r.
        factor: one in every ``factor`` frames is kept.
    Returns:
        int64 [max(1, frames / factor)].
    Reference: Saito et al. 2020, the frame sampling layer.
    """
    offset = noise.shared(name, min(factor, frames))
    return offset + factor * torch.arange(max(1, frames // factor), device=offset.device)


def real_pyramid(clips: Tensor, levels: int, factor: int, noise: Noise) -> list[Tensor]:
    """Return the input of each level's discriminator for real clips, coarsest and longest first.

    Frames are dropped from level to level as in generated clips, by separate draws; level l is then averaged
    over squares of 2^(levels - 1 - l) pixels.

    Args:
        clips: [N, C, T, H, W].
        levels: resolutions; the last is H x W.
        factor: one in every ``factor`` frames is kept from one level to the next.
        noise: the source of the draws ``real-frames-1`` ...
    Returns:
        ``levels`` tensors [N, C, T_l, H_l, W_l].
    """
    pyramid = []
    for level in range(levels):
        if level:
            clips = clips.index_select(2, kept(noise, f"real-frames-{level}", clips.shape[2], factor))
        square = 1 << (levels - 1 - level)
        pyramid.append(F.avg_pool3d(clips, (1, square, square)))
    return pyramid
