"""MoFlowGAN's generator: the temporal generator, the renderer of frames, and the flow head, which only training uses."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from vidgen_backbones.moflowgan.flow import FlowHead
from vidgen_backbones.moflowgan.sizes import SIDE, channels_at, sides
from vidgen_bench.api import Times
from vidgen_bench.blocks import ResidualUp

if TYPE_CHECKING:
    from vidgen_bench.noise import Noise


class FrameGenerator(nn.Module):
    """Renders frames from their codes: a linear layer to a 4 x 4 map, residual blocks that double it, BN, ReLU, 3 x 3, tanh.

    The normalisations inside the blocks are conditioned on the code. A row is a frame, so all statistics are over clips and frames.

    Args:
        code: width of the code of a frame, content + motion.
        size: side of the frame in pixels, 4 * 2^k.
        channels: channels of the frame.
        width: factor on the numbers of hidden channels.
        flow_side: side of the feature maps that are returned with the frames.
    Shape:
        [M, code] -> frames [M, C, size, size] in (-1, 1), maps [M, c, flow_side, flow_side].
    Reference: Brock, Donahue, Simonyan 2019, figure 15, without self-attention and with the code in one piece.
    """

    def __init__(self, code: int, size: int, channels: int, width: float, flow_side: int) -> None:
        super().__init__()
        widths = [channels_at(side, size, width) for side in sides(size)]
        self.blocks_before_flow = sides(size).index(flow_side)
        self.start = nn.Linear(code, widths[0] * SIDE * SIDE)
        self.blocks = nn.ModuleList(ResidualUp(before, after, code, up=True) for before, after in pairwise(widths))
        self.norm = nn.BatchNorm2d(widths[-1])
        self.colour = nn.Conv2d(widths[-1], channels, 3, padding=1)

    def forward(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.start(codes).unflatten(1, (-1, SIDE, SIDE))
        maps = maps.contiguous(memory_format=torch.channels_last)  # the fastest layout
        stages = [maps]
        for block in self.blocks:
            stages.append(block(stages[-1], codes))
        return self.colour(relu(self.norm(stages[-1]))).tanh(), stages[self.blocks_before_flow]


class Generator(nn.Module):
    """The temporal generator, the frame generator, whose input is [content, motion] of one frame, and the flow head."""

    def __init__(self, temporal: nn.Module, frame: FrameGenerator, flow: FlowHead) -> None:
        super().__init__()
        self.temporal = temporal
        self.frame = frame
        self.flow = flow

    def codes(self, content: Tensor, z: Tensor, times: Times, noise: Noise) -> Tensor:
        """Return the codes of frames [N, T, F + D] from z_0 [N, D] and content [N, F], which is repeated for every frame."""
        motion = self.temporal(z, times, noise)
        return torch.cat([content[:, None].expand(-1, motion.shape[1], -1), motion], dim=2)

    def render(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Return frames [N, T, C, H, W] in (-1, 1) and their feature maps [N, T, c, s, s] from codes [N, T, F + D]."""
        frames, maps = self.frame(codes.flatten(0, 1))
        return frames.unflatten(0, codes.shape[:2]), maps.unflatten(0, codes.shape[:2])

    def forward(self, content: Tensor, z: Tensor, times: Times, noise: Noise) -> Tensor:
        """Return clips [N, C, T, H, W] in (-1, 1) at these instants; no flow is computed."""
        frames, _ = self.render(self.codes(content, z, times, noise))
        return frames.transpose(1, 2)
