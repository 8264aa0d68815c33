"""The time as a vector: sinusoids of many frequencies, then two linear layers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

SCALE, SLOWEST = 1000.0, 1e-4
"""Angles are 1000 t f, as if t were one of 1000 steps, with frequencies f from 1 down to nearly 1e-4."""


class TimeEmbedding(nn.Module):
    """t -> W_2 silu(W_1 [sin(1000 t f), cos(1000 t f)]), f geometric.

    Args:
        waves: number of sines and cosines together, even.
        width: width of the embedding.
    Shape:
        [N] -> [N, width].
    Reference: Vaswani et al. 2017, section 3.5; Ho, Jain, Abbeel 2020.
    """

    frequencies: Tensor

    def __init__(self, waves: int, width: int) -> None:
        super().__init__()
        steps = torch.arange(waves // 2) / (waves // 2)
        self.register_buffer("frequencies", torch.exp(math.log(SLOWEST) * steps), persistent=False)
        self.layers = nn.Sequential(nn.Linear(waves, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, times: Tensor) -> Tensor:
        angles = SCALE * times[:, None] * self.frequencies
        return self.layers(torch.cat([angles.sin(), angles.cos()], dim=1))
