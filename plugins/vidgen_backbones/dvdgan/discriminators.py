"""DVD-GAN's discriminators: one of single frames at full size, one of clips at half the size."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool3d, relu

from vidgen_backbones.dvdgan.sizes import discriminator_widths
from vidgen_bench.api import Clip
from vidgen_bench.blocks import ResidualDown, SelfAttention

ATTENDED = 2
"""Blocks before the attention over the positions of a frame."""


class Projection(nn.Module):
    """The score of a frame: s = w h + b + e(y) h, where h is the sum of ReLU(maps) over the positions.

    Args:
        channels: c, of the maps.
        classes: number of classes, 0 for s = w h + b.
    Shape:
        maps [M, c, H, W], labels [M] or None -> [M].
    Reference: Miyato and Koyama, "cGANs with Projection Discriminator" (2018), eq. 4.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, 1)
        self.embedding = nn.Embedding(classes, channels) if classes else None

    def forward(self, maps: Tensor, labels: Tensor | None) -> Tensor:
        features = relu(maps).sum((2, 3))
        score = self.linear(features)[:, 0]
        return score if self.embedding is None else score + (self.embedding(labels) * features).sum(1)


class Discriminator(nn.Module):
    """Residual blocks, of which all but the last halve the maps, and the sum of the scores of the frames they leave.

    Args:
        clip: size and channels of a training clip.
        channels: the width, c.
        classes: number of classes, 0 for no class.
        volumes: leading blocks in three dimensions, at most 2; they halve the number of frames as well.
        shrink: rows and columns are averaged over squares of this side first.
    Shape:
        clips [N, C, T, H, W] of any T, labels [N] or None -> [N].
    Reference: Clark et al. 2019, section 3.1.
    """

    def __init__(self, clip: Clip, channels: int, classes: int, *, volumes: int, shrink: int) -> None:
        super().__init__()
        widths = (clip.channels, *discriminator_widths(clip.size, channels))
        last = len(widths) - 2
        self.blocks = nn.ModuleList(
            ResidualDown(before, after, dims=3 if i < volumes else 2, down=i < last, first=i == 0)
            for i, (before, after) in enumerate(pairwise(widths))
        )
        self.attention = SelfAttention(widths[ATTENDED], (2, 3))
        self.score = Projection(widths[-1], classes)
        self.volumes, self.shrink = volumes, shrink

    def forward(self, clips: Tensor, labels: Tensor | None) -> Tensor:
        maps = avg_pool3d(clips, (1, self.shrink, self.shrink)) if self.shrink > 1 else clips
        for block in self.blocks[: self.volumes]:
            maps = block(maps.contiguous(memory_format=torch.channels_last_3d))
        rows, frames = len(maps), maps.shape[2]
        maps = maps.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)
        for i, block in enumerate(self.blocks[self.volumes :], start=self.volumes):
            maps = block(self.attention(maps) if i == ATTENDED else maps)
        of_frames = None if labels is None else labels[:, None].expand(-1, frames).flatten()
        return self.score(maps, of_frames).view(rows, frames).sum(1)


def spatial_discriminator(clip: Clip, channels: int, classes: int) -> Discriminator:
    """Return D_S, which judges frames one by one: the order of the frames does not matter."""
    return Discriminator(clip, channels, classes, volumes=0, shrink=1)


def temporal_discriminator(clip: Clip, channels: int, classes: int) -> Discriminator:
    """Return D_T, which judges all frames at half the size, averaged over 2 x 2 pixels."""
    return Discriminator(clip, channels, classes, volumes=2, shrink=2)
