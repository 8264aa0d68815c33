"""The network of vdm-small: a U-Net on patches of all frames, with attention over space and over time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from vidgen_backbones.vdm_small.attention import SpatialAttention, TemporalAttention
from vidgen_backbones.vdm_small.diffusion import signal_and_noise
from vidgen_backbones.vdm_small.layers import GROUP, ResidualBlock, group_norm, zeroed
from vidgen_backbones.vdm_small.sizes import CHANNELS
from vidgen_backbones.vdm_small.time_embedding import TimeEmbedding

DETAIL = 0.25
"""d, the standard deviation of a pixel around the mean that U gives; docs/systems.md has the trial that chose it."""


@dataclass(frozen=True)
class Shape:
    """What the network's shape depends on."""

    frames: int
    size: int
    channels: int
    width: float
    """Factor on the hidden channels."""
    patch: int
    blocks: int
    """Stages at each resolution, on each side of the U."""
    attention: int
    """Largest side of the maps with attention."""


class Stage(nn.Module):
    """A residual block, then on small maps attention between the positions of a frame and attention between frames.

    Convolutions see one frame at a time, so attention between frames is the only layer that moves anything through time.

    Shape:
        [N * T, before, H, W], [N * T, embedding] -> [N * T, after, H, W].
    Reference: Ho et al. 2022, section 3.
    """

    def __init__(self, before: int, after: int, embedding: int, frames: int, attention: bool) -> None:
        super().__init__()
        self.block = ResidualBlock(before, after, embedding)
        both = (SpatialAttention(after), TemporalAttention(after, frames)) if attention else ()
        self.attention = nn.Sequential(*both)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        return self.attention(self.block(x, embedding))


class UNet(nn.Module):
    """v(z, t) = sigma (alpha (1 - d^2) z - m) / (alpha^2 d^2 + sigma^2), m = U(z, t), d = 1/4: the best v for pixels N(m, d^2).

    U reads patches, goes down through the resolutions and up again with skip connections by concatenation, and writes patches; it starts
    at 0. v contains the noise of every pixel, which fewer channels than a patch has numbers could not carry through U. So U gives the mean
    of each pixel, and Bayes' rule for details of standard deviation d around it adds what z itself says.

    Args:
        shape: the sizes.
    Shape:
        z [N, C, T, H, W], t [N] in [0, 1] -> [N, C, T, H, W].
    Reference: Ho et al. 2022, section 3, for U but for its patches; Karras et al. 2022, section 5, for the idea of such a form.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        widths = [scaled(channels, shape.width) for channels in CHANNELS]
        sides = [shape.size // shape.patch >> level for level in range(len(widths))]
        wide = 4 * widths[0]

        def stages(first: int, level: int, number: int) -> nn.ModuleList:
            inputs = [first, *[widths[level]] * (number - 1)]
            attention = sides[level] <= shape.attention
            return nn.ModuleList(Stage(before, widths[level], wide, shape.frames, attention) for before in inputs)

        finer = range(len(widths) - 1)
        self.time = TimeEmbedding(widths[0], wide)
        self.into = nn.Conv2d(shape.channels, widths[0], shape.patch, stride=shape.patch)
        self.down = nn.ModuleList(stages(widths[i], i, shape.blocks) for i in finer)
        self.shrink = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairwise(widths))
        self.middle = stages(widths[-1], len(widths) - 1, shape.blocks + 1)
        self.grow = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in pairwise(widths))
        self.up = nn.ModuleList(stages(2 * widths[i], i, shape.blocks) for i in finer)
        self.norm = group_norm(widths[0])
        self.out = zeroed(nn.ConvTranspose2d(widths[0], shape.channels, shape.patch, stride=shape.patch))

    def forward(self, z: Tensor, times: Tensor) -> Tensor:
        clips, frames = z.shape[0], z.shape[2]
        embedding = self.time(times)
        images = z.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)  # the fastest layout
        inside = self._through_the_u(self.into(images), embedding[:, None].expand(-1, frames, -1).flatten(0, 1))
        mean = self.out(silu(self.norm(inside))).unflatten(0, (clips, frames)).transpose(1, 2)
        alpha, sigma = (s[:, None, None, None, None] for s in signal_and_noise(times))
        return sigma * (alpha * (1 - DETAIL**2) * z - mean) / (alpha**2 * DETAIL**2 + sigma**2)

    def _through_the_u(self, x: Tensor, embedding: Tensor) -> Tensor:
        skips: list[Tensor] = []
        for stages, shrink in zip(self.down, self.shrink, strict=True):
            x = _through(stages, x, embedding)
            skips.append(x)
            x = shrink(x)
        x = _through(self.middle, x, embedding)
        for stages, grow in zip(reversed(self.up), reversed(self.grow), strict=True):
            x = _through(stages, torch.cat([grow(x), skips.pop()], dim=1), embedding)
        return x


def _through(stages: nn.Module, x: Tensor, embedding: Tensor) -> Tensor:
    for stage in stages.children():
        x = stage(x, embedding)
    return x


def scaled(channels: int, width: float) -> int:
    """Return the channels at this width: the nearest number of whole groups, at least one."""
    return GROUP * max(1, round(channels * width / GROUP))
