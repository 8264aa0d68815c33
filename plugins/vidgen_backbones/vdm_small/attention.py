"""Factorised attention: between the positions of one frame, and between the frames at one position."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vidgen_backbones.vdm_small.layers import group_norm, zeroed
from vidgen_bench.blocks import attend

HEAD = 32
"""Width of one head; there is one per 32 channels, at least one."""


class MultiHeadAttention(nn.Module):
    """x -> W_o concat_h(softmax(q_h k_h^T / sqrt(32) + b_h) v_h) with q, k, v linear in x, for sequences.

    W_o starts at zero, so that a residual block around it starts as the identity.

    Args:
        channels: width of the sequence's entries.
    Shape:
        [B, L, channels], bias [heads, L, L] or None -> [B, L, channels].
    Reference: Vaswani et al. 2017, section 3.2.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.heads = max(1, round(channels / HEAD))
        self.into = nn.Linear(channels, 3 * self.heads * HEAD, bias=False)
        self.out = zeroed(nn.Linear(self.heads * HEAD, channels))

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        q, k, v = self.into(x).unflatten(2, (3, self.heads, HEAD)).permute(2, 0, 3, 1, 4)
        found = attend(q, k, v, bias=bias)
        return self.out(found.transpose(1, 2).flatten(2))


class SpatialAttention(nn.Module):
    """x + attention between all positions of each frame, after a group norm; positions are not marked.

    Shape:
        [B, C, H, W] -> [B, C, H, W], B frames.
    Reference: Ho et al. 2022, section 3 (spatial attention); Ho, Jain, Abbeel 2020 for the block.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = group_norm(channels)
        self.attention = MultiHeadAttention(channels)

    def forward(self, x: Tensor) -> Tensor:
        positions = self.norm(x).flatten(2).transpose(1, 2)
        return x + self.attention(positions).transpose(1, 2).unflatten(2, x.shape[2:])


class TemporalAttention(nn.Module):
    """x + attention between all frames at each position, after a group norm; b_h[i, j] depends on i - j alone and is learned.

    Args:
        channels: of the maps.
        frames: of a clip.
    Shape:
        [N * T, C, H, W] -> [N * T, C, H, W], the frames of a clip one after another.
    Reference: Ho et al. 2022, section 3 (temporal attention with relative positions); Shaw, Uszkoreit, Vaswani 2018.
    """

    def __init__(self, channels: int, frames: int) -> None:
        super().__init__()
        self.frames = frames
        self.norm = group_norm(channels)
        self.attention = MultiHeadAttention(channels)
        self.bias = nn.Parameter(torch.zeros(self.attention.heads, 2 * frames - 1))

    def forward(self, x: Tensor) -> Tensor:
        maps = self.norm(x).unflatten(0, (-1, self.frames))  # [N, T, C, H, W]
        sequences = maps.permute(0, 3, 4, 1, 2)
        n, rows, columns = sequences.shape[:3]
        found = self.attention(sequences.flatten(0, 2), self.by_offset())
        return x + found.unflatten(0, (n, rows, columns)).permute(0, 3, 4, 1, 2).flatten(0, 1)

    def by_offset(self) -> Tensor:
        """Return b [heads, T, T] with b[h, i, j] = bias[h, i - j + T - 1]; windows, unlike an index, have an exact order of sums."""
        return self.bias.flip(1).unfold(1, self.frames, 1).flip(1)
