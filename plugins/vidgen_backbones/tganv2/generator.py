"""TGANv2's generator: a map per frame, rendered at several resolutions with fewer frames at each higher one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from vidgen_backbones.tganv2.blocks import GenBlock, RenderHead
from vidgen_backbones.tganv2.subsampling import kept
from vidgen_bench.api import Times

if TYPE_CHECKING:
    from vidgen_bench.noise import Noise


class Generator(nn.Module):
    """The temporal generator and the renderer of its maps, frame by frame.

    Args:
        temporal: z_0 [N, source] -> z_t [N, T, c, h, w].
        stages: channels in and out of the blocks before each head; c first, see ``sizes.stages``.
        channels: channels of the frame.
        factor: in training, one in every ``factor`` frames is kept from one level to the next.
    Reference: Saito et al. 2020.
    """

    def __init__(self, temporal: nn.Module, stages: Sequence[Sequence[int]], channels: int, factor: int) -> None:
        super().__init__()
        self.temporal = temporal
        self.stages = nn.ModuleList(_blocks(widths) for widths in stages)
        self.heads = nn.ModuleList(RenderHead(widths[-1], channels) for widths in stages)
        self.factor = factor

    def forward(self, z: Tensor, times: Times, noise: Noise) -> Tensor:
        """Return clips [N, C, T, H, W] in (-1, 1) from z [N, source]: every frame, at the last resolution only."""
        maps = self.temporal(z, times, noise).flatten(0, 1)
        for stage in self.stages:
            maps = stage(_fast(maps))
        return _clips(self.heads[-1](maps), len(z))

    def pyramid(self, z: Tensor, times: Times, noise: Noise) -> list[Tensor]:
        """Return the clips of each level for training, coarsest and longest first.

        After each level is rendered, frames are dropped before the next doubling, by the draws ``fake-frames-1`` ...

        Args:
            z: [N, source].
            times: the training grid, T instants.
            noise: the source of the draws.
        Returns:
            One [N, C, T_l, H_l, W_l] in (-1, 1) per level; T_0 = T, T_l = max(1, T_{l-1} / factor).
        """
        path = self.temporal(z, times, noise)
        levels = []
        for level, (stage, head) in enumerate(zip(self.stages, self.heads, strict=True)):
            if level:
                path = path.index_select(1, kept(noise, f"fake-frames-{level}", path.shape[1], self.factor))
            maps = stage(_fast(path.flatten(0, 1)))
            levels.append(_clips(head(maps), len(z)))
            path = maps.unflatten(0, path.shape[:2])
        return levels


def _blocks(widths: Sequence[int]) -> nn.Sequential:
    """Return the blocks between these widths; none for a single width."""
    return nn.Sequential(*(GenBlock(before, after) for before, after in pairwise(widths)))


def _fast(maps: Tensor) -> Tensor:
    """Return maps [N, C, H, W] in the fastest layout for convolutions."""
    return maps.contiguous(memory_format=torch.channels_last)


def _clips(frames: Tensor, rows: int) -> Tensor:
    """Return clips [N, C, T, H, W] from frames [N T, C, H, W]."""
    return frames.unflatten(0, (rows, -1)).transpose(1, 2)
