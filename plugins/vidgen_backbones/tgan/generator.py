"""TGAN's generator: a slow code for the clip, a fast code for each frame, and the frame renderer."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from vidgen_bench.api import Times

if TYPE_CHECKING:
    from vidgen_bench.noise import Noise

SIDE = 4
"""Side of the first map of the renderer."""

FIRST, LEAST = 256, 32
"""Channels of the map of each code and of the first doubling; each later one halves them, down to the minimum."""


class FrameGenerator(nn.Module):
    """Renders one frame from the slow and the fast code: two concatenated 4 x 4 maps, doubled up to the frame's size.

    64 pixels give the paper's 512-256-128-64-32-3. BN and ReLU after all but the last layer, which ends in tanh.

    Args:
        latent: width of both codes.
        size: side of the frame in pixels, 4 * 2^k.
        channels: channels of the frame.
        width: factor on the numbers of hidden channels.
    Reference: Saito, Matsumoto, Saito 2017; layers before a BN have no bias.
    """

    def __init__(self, latent: int, size: int, channels: int, width: float) -> None:
        super().__init__()
        self.code = scaled(FIRST, width)
        self.fast = self._map_of(latent)
        self.slow = self._map_of(latent)
        doublings = (size // SIDE).bit_length() - 1
        widths = [2 * self.code, *(scaled(max(FIRST >> i, LEAST), width) for i in range(doublings))]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [
                nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
        self.render = nn.Sequential(*layers, nn.ConvTranspose2d(widths[-1], channels, 3, padding=1), nn.Tanh())

    def _map_of(self, latent: int) -> nn.Sequential:
        features = self.code * SIDE * SIDE
        return nn.Sequential(nn.Linear(latent, features, bias=False), nn.BatchNorm1d(features), nn.ReLU())

    def forward(self, z: Tensor, path: Tensor) -> Tensor:
        """Return the frames [N, T, C, size, size] from z [N, latent] and path [N, T, latent]."""
        n, t = path.shape[:2]
        slow = self.slow(z).view(n, 1, self.code, SIDE, SIDE).expand(-1, t, -1, -1, -1)
        fast = self.fast(path.flatten(0, 1)).view(n, t, self.code, SIDE, SIDE)
        maps = torch.cat([slow, fast], dim=2).flatten(0, 1)
        frames = self.render(maps.contiguous(memory_format=torch.channels_last))  # the fastest layout for convolutions
        return frames.unflatten(0, (n, t))


class Generator(nn.Module):
    """The temporal generator and the frame renderer; the slow code is z itself, before any embedding."""

    def __init__(self, temporal: nn.Module, frame: FrameGenerator) -> None:
        super().__init__()
        self.temporal = temporal
        self.frame = frame

    def forward(self, z: Tensor, times: Times, noise: Noise) -> Tensor:
        """Return clips [N, C, T, H, W] in (-1, 1) from z [N, latent] at these instants."""
        return self.frame(z, self.temporal(z, times, noise)).transpose(1, 2)


def scaled(channels: int, width: float) -> int:
    """Return the channels at this width, at least one."""
    return max(1, round(channels * width))


@torch.no_grad()
def initialise(frame: FrameGenerator) -> None:
    """Draw the weights of the linear and convolutional layers from U(-0.01, 0.01)."""
    for layer in frame.modules():
        if isinstance(layer, nn.Linear | nn.ConvTranspose2d):
            nn.init.uniform_(layer.weight, -0.01, 0.01)
