"""VGAN's discriminator: strided three-dimensional convolutions down to two logits per clip."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vidgen_backbones.vgan.generator import SIDE, scaled

FIRST, MOST = 64, 512
"""Channels of the first layer; each later one doubles them, up to the maximum."""

EPSILON = 1e-3
"""Epsilon of its batch normalisations; the generator's have the usual 1e-5."""


class Discriminator(nn.Module):
    """Each layer halves rows, columns and frames until 4 rows are left; one kernel covers the rest.

    32 frames of 64 x 64 give the paper's 3-64-128-256-512-2 with a last kernel of 2 x 4 x 4; for 16 it is 1 x 4 x 4.
    LeakyReLU 0.2 after all but the last, BN from the second.

    Args:
        frames: size / 4 or size / 2.
        size: side of the frame in pixels, 4 * 2^k.
        channels: channels of the frame.
        width: factor on the numbers of hidden channels.
    Shape:
        [N, C, T, H, W] -> logits [N, 2], first for real, then for generated.
    Reference: Vondrick, Pirsiavash, Torralba 2016, discriminator network; its code for the epsilon and the two logits.
    """

    def __init__(self, frames: int, size: int, channels: int, width: float) -> None:
        super().__init__()
        before = channels
        layers: list[nn.Module] = []
        for i in range((size // SIDE).bit_length() - 1):
            after = scaled(min(FIRST << i, MOST), width)
            layers.append(nn.Conv3d(before, after, 4, stride=2, padding=1))
            if i > 0:
                layers.append(nn.BatchNorm3d(after, eps=EPSILON))
            layers.append(nn.LeakyReLU(0.2))
            before = after
        self.layers = nn.Sequential(*layers)
        self.logits = nn.Conv3d(before, 2, (frames * SIDE // size, SIDE, SIDE))

    def forward(self, clips: Tensor) -> Tensor:
        clips = clips.contiguous(memory_format=torch.channels_last_3d)  # the fastest layout for convolutions
        return self.logits(self.layers(clips)).flatten(1)
