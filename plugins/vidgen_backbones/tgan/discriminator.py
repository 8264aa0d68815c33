"""TGAN's discriminator: strided convolutions of space and time down to one number per clip."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from vidgen_backbones.tgan.convolutions import whole
from vidgen_backbones.tgan.generator import SIDE, scaled

FIRST, MOST = 64, 512
"""Channels of the first layer; each later one doubles them, up to the maximum."""


class Discriminator(nn.Module):
    """Each layer halves rows and columns down to 4, and frames down to 1; a 4 x 4 convolution gives the score.

    16 frames of 64 x 64 give the paper's 3-64-128-256-512-1. LeakyReLU 0.2 after all but the last, BN from the second.

    Args:
        frames: a power of two, at most size / 4.
        size: side of the frame in pixels, 4 * 2^k.
        channels: channels of the frame.
        width: factor on the numbers of hidden channels.
        convolution: ``(channels before, channels after, frames)`` -> the modules of one layer before its BN.
    Shape:
        [N, C, T, H, W] -> [N].
    Reference: Saito, Matsumoto, Saito 2017.
    """

    def __init__(
        self,
        frames: int,
        size: int,
        channels: int,
        width: float,
        convolution: Callable[[int, int, int], list[nn.Module]] = whole,
    ) -> None:
        super().__init__()
        before = channels
        layers: list[nn.Module] = []
        for i in range((size // SIDE).bit_length() - 1):
            after = scaled(min(FIRST << i, MOST), width)
            layers += convolution(before, after, frames)
            if i > 0:
                layers.append(nn.BatchNorm3d(after))
            layers.append(nn.LeakyReLU(0.2))
            before, frames = after, max(1, frames // 2)
        self.layers = nn.Sequential(*layers)
        self.score = nn.Conv2d(before, 1, SIDE)

    def forward(self, clips: Tensor) -> Tensor:
        clips = clips.contiguous(memory_format=torch.channels_last_3d)  # the fastest layout for convolutions
        return self.score(self.layers(clips).squeeze(2)).flatten()


@torch.no_grad()
def initialise(discriminator: Discriminator) -> None:
    """Draw the weights of the convolutions from the Xavier normal distribution with gain sqrt 2."""
    for layer in discriminator.modules():
        if isinstance(layer, nn.Conv3d | nn.Conv2d):
            nn.init.xavier_normal_(layer.weight, gain=math.sqrt(2.0))
