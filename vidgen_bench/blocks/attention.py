"""Self-attention along some axes of a feature map."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, scaled_dot_product_attention

MOST_SEQUENCES = 65_535
"""Most sequences of one call: CUDA's kernels have one row of their grid per sequence, and torch 2.6 does not split them."""


def attend(
    query: Tensor, key: Tensor, value: Tensor, *, scale: float | None = None, bias: Tensor | None = None
) -> Tensor:
    """Return softmax(scale q k^T + bias) v by PyTorch's kernels, for any number of sequences.

    Args:
        query: q, [B, heads, L, d].
        key: k, [B, heads, S, d].
        value: v, [B, heads, S, e].
        scale: 1 / sqrt(d) if None.
        bias: [heads, L, S], added to the scores.
    Returns:
        [B, heads, L, e].
    """
    parts = zip(*(tensor.split(MOST_SEQUENCES) for tensor in (query, key, value)), strict=True)
    found = [scaled_dot_product_attention(q, k, v, attn_mask=bias, scale=scale) for q, k, v in parts]
    return found[0] if len(found) == 1 else torch.cat(found)


class SelfAttention(nn.Module):
    """x + gamma o(softmax(q(x) k(x)^T) v(x)) over the positions along ``axes``; every other axis is part of the batch.

    q, k and v are linear maps of the channels, to C / 8, C / 8 and C / 2 of them (at least one); o maps back to C. gamma starts at 0,
    so a new block is the identity. Scores are not divided by sqrt(C / 8). ``(2, 3)`` of [N, C, H, W] attends over a frame. Separable
    attention over a clip [N, C, T, H, W] is three blocks in a row: rows ``(3,)``, columns ``(4,)``, then time ``(2,)``.

    Args:
        channels: C, the second axis.
        axes: positions of the axes that are attended over together.
    Shape:
        [N, C, ...] -> [N, C, ...].
    Reference: Zhang et al., "Self-Attention GANs" (2019), eqs. 1 to 3; Clark, Donahue, Simonyan, "Adversarial Video Generation on
        Complex Datasets" (2019), section 3.1 (separable).
    """

    def __init__(self, channels: int, axes: Sequence[int]) -> None:
        super().__init__()
        key, value = max(1, channels // 8), max(1, channels // 2)
        self.axes = tuple(axes)
        self.query = nn.Linear(channels, key, bias=False)
        self.key = nn.Linear(channels, key, bias=False)
        self.value = nn.Linear(channels, value, bias=False)
        self.out = nn.Linear(value, channels, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, maps: Tensor, memory: int | None = None) -> Tensor:
        """Return the maps; with ``memory``, every position attends to the first ``memory`` positions only."""
        batch = [axis for axis in range(maps.ndim) if axis not in (1, *self.axes)]
        order = [*batch, *self.axes, 1]
        ordered = maps.permute(order)
        length = math.prod(maps.shape[axis] for axis in self.axes)
        x = ordered.reshape(-1, length, maps.shape[1])
        known = x[:, :memory]
        query, key, value = self.query(x), self.key(known), self.value(known)
        # kernels that never store the scores, and take half the time, need heads of one width: zeros add nothing to a product
        zeros = (0, value.shape[-1] - query.shape[-1])
        query, key, value = (head[:, None] for head in (pad(query, zeros), pad(key, zeros), value))
        found = attend(query, key, value, scale=1.0)[:, 0]
        inverse = sorted(range(maps.ndim), key=order.__getitem__)
        return maps + self.gamma * self.out(found).view(ordered.shape).permute(inverse)
