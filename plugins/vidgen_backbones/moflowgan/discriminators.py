"""MoFlowGAN's discriminators of single frames and of clips: residual blocks down to a 4 x 4 map, and one score."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool3d, relu

from vidgen_backbones.moflowgan.sizes import channels_at, sides
from vidgen_bench.blocks import ResidualDown


class Discriminator(nn.Module):
    """Residual blocks, each of which halves the map (and the clip), then ReLU, the sum over all positions, and a linear score.

    64 pixels give 3-64-128-256-512-1. In three dimensions every block also averages pairs of frames, until one is left.

    Args:
        size: side of the input in pixels, 4 * 2^k, at least 8.
        channels: channels of a frame.
        width: factor on the numbers of hidden channels.
        dims: 2 for frames, 3 for clips.
    Shape:
        [N, C, H, W], or [N, C, T, H, W] in three dimensions -> [N].
    Reference: Brock, Donahue, Simonyan 2019, figure 15c; without self-attention, and without the last block, which keeps the size.
    """

    def __init__(self, size: int, channels: int, width: float, dims: Literal[2, 3]) -> None:
        super().__init__()
        self.layout = torch.channels_last if dims == 2 else torch.channels_last_3d
        widths = [channels, *(channels_at(side, size, width) for side in reversed(sides(size)[:-1]))]
        self.blocks = nn.Sequential(
            *(
                ResidualDown(before, after, dims=dims, down=True, first=i == 0)
                for i, (before, after) in enumerate(pairwise(widths))
            )
        )
        self.score = nn.Linear(widths[-1], 1)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.blocks(x.contiguous(memory_format=self.layout))
        return self.score(relu(maps).flatten(2).sum(2)).squeeze(1)


class VideoDiscriminator(Discriminator):
    """The discriminator of clips, which reads means of ``pool`` x ``pool`` pixels: details are left to the one of frames.

    Reference: Clark, Donahue, Simonyan 2019, section 3.2 (pooling before the temporal discriminator).
    """

    def __init__(self, size: int, channels: int, width: float, pool: int) -> None:
        super().__init__(size // pool, channels, width, dims=3)
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(avg_pool3d(x, (1, self.pool, self.pool)))
