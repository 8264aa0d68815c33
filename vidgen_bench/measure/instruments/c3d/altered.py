"""Clips without their motion, as classes of their own: what an instrument that is to see motion learns to recognise."""

from __future__ import annotations

from typing import get_args

import torch
from torch import Tensor

from vidgen_bench.api import View

ALTERED: tuple[View, ...] = tuple(view for view in get_args(View) if view != "as-is")
"""The added classes, after those of the data set: ``shuffled`` (frames in random order) and ``frozen`` (one frame, repeated)."""

SHARE = 0.2
"""The share of training clips that each of them gets."""


def some_altered(clips: Tensor, labels: Tensor, first: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return clips and labels of which about a fifth is shuffled and a fifth frozen.

    Args:
        clips: [N, 3, T, H, W].
        labels: [N].
        first: the label of ``shuffled``; that of ``frozen`` is one more.
        generator: the source of the draws.
    Returns:
        The clips [N, 3, T, H, W] and their labels [N].
    """
    count, frames = len(labels), clips.shape[2]
    kind = torch.rand(count, generator=generator).div(SHARE).long()  # 0: shuffled, 1: frozen, from 2 on: as it is
    orders = torch.stack(
        [
            torch.rand(count, frames, generator=generator).argsort(dim=1),
            torch.randint(frames, (count, 1), generator=generator).expand(-1, frames),
            torch.arange(frames).expand(count, -1),
        ]
    )
    order = orders[kind.clamp(max=2), torch.arange(count)]
    altered = clips.gather(2, order[:, None, :, None, None].expand_as(clips))
    return altered, torch.where(kind < 2, first + kind, labels)
