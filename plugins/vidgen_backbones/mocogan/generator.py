"""MoCoGAN's generator: the temporal generator, and the renderer of one frame from content, category and motion codes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from vidgen_backbones.mocogan.sizes import SIDE, doublings
from vidgen_bench.api import Times

if TYPE_CHECKING:
    from vidgen_bench.noise import Noise

FIRST, LEAST = 512, 64
"""Channels of the 4 x 4 map; each doubling halves them, down to the minimum."""


class FrameGenerator(nn.Module):
    """Renders one frame from one vector: a 4 x 4 map, doubled up to the frame's size.

    64 pixels give 512-256-128-64-3. BN and ReLU after all but the last layer, which ends in tanh; no convolution has a bias.

    Args:
        latent: width of the vector, content + category + motion.
        size: side of the frame in pixels, 4 * 2^k.
        channels: channels of the frame.
        width: factor on the numbers of hidden channels.
    Shape:
        [M, latent] -> [M, C, size, size].
    Reference: Tulyakov et al. 2018; Radford, Metz, Chintala 2016 (DCGAN).
    """

    def __init__(self, latent: int, size: int, channels: int, width: float) -> None:
        super().__init__()
        widths = [scaled(max(FIRST >> i, LEAST), width) for i in range(doublings(size))]
        self.map = nn.Sequential(
            nn.ConvTranspose2d(latent, widths[0], SIDE, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()
        )
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [_doubling(before, after), nn.BatchNorm2d(after), nn.ReLU()]
        self.render = nn.Sequential(*layers, _doubling(widths[-1], channels), nn.Tanh())

    def forward(self, latents: Tensor) -> Tensor:
        maps = self.map(latents[:, :, None, None])
        return self.render(maps.contiguous(memory_format=torch.channels_last))  # the fastest layout


class Generator(nn.Module):
    """The temporal generator and the frame renderer, whose input is [content, category, motion] of one frame."""

    def __init__(self, temporal: nn.Module, frame: FrameGenerator) -> None:
        super().__init__()
        self.temporal = temporal
        self.frame = frame

    def latents(self, fixed: Tensor, z: Tensor, times: Times, noise: Noise) -> Tensor:
        """Return the frame vectors [N, T, F + D] from z_0 [N, D] and fixed [N, F], which is repeated for every frame."""
        motion = self.temporal(z, times, noise)
        return torch.cat([fixed[:, None].expand(-1, motion.shape[1], -1), motion], dim=2)

    def forward(self, fixed: Tensor, z: Tensor, times: Times, noise: Noise) -> Tensor:
        """Return clips [N, C, T, H, W] in (-1, 1) from fixed [N, F] and z_0 [N, D] at these instants."""
        latents = self.latents(fixed, z, times, noise)
        return self.frame(latents.flatten(0, 1)).unflatten(0, latents.shape[:2]).transpose(1, 2)


def scaled(channels: int, width: float) -> int:
    """Return the channels at this width, at least one."""
    return max(1, round(channels * width))


def _doubling(before: int, after: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False)
