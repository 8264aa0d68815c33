"""Small parts of the U-Net: group normalisation, layers that start at zero, and the residual block."""

from __future__ import annotations

from typing import TypeVar

from torch import Tensor, nn
from torch.nn.functional import silu

GROUP = 8
"""Channels that are normalised together; numbers of channels are multiples of it."""

M = TypeVar("M", nn.Linear, nn.Conv2d, nn.ConvTranspose2d)


def group_norm(channels: int) -> nn.GroupNorm:
    """Return a group normalisation: each frame and each 8 channels have mean 0 and variance 1 before scale and shift.

    Reference: Wu and He 2018.
    """
    return nn.GroupNorm(channels // GROUP, channels)


def zeroed(layer: M) -> M:
    """Return the layer with all weights at zero."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class ResidualBlock(nn.Module):
    """s(x) + conv(silu((1 + a) norm(conv(silu(norm(x)))) + b)), a and b linear in the embedding of the time.

    Convolutions are 3 x 3 within a frame (1 x 3 x 3); the second starts at zero. s is the identity, or 1 x 1 if the channels change.

    Args:
        before: channels of x.
        after: channels of the result.
        embedding: width of the time embedding.
    Shape:
        [B, before, H, W], [B, embedding] -> [B, after, H, W].
    Reference: Ho, Jain, Abbeel 2020 for the block; Dhariwal and Nichol 2021 for scale and shift by the time.
    """

    def __init__(self, before: int, after: int, embedding: int) -> None:
        super().__init__()
        self.norm = group_norm(before)
        self.first = nn.Conv2d(before, after, 3, padding=1)
        self.time = nn.Linear(embedding, 2 * after)
        self.timed = group_norm(after)
        self.second = zeroed(nn.Conv2d(after, after, 3, padding=1))
        self.skip = nn.Identity() if before == after else nn.Conv2d(before, after, 1)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        scale, shift = self.time(silu(embedding))[:, :, None, None].chunk(2, dim=1)
        inside = self.timed(self.first(silu(self.norm(x))))
        return self.skip(x) + self.second(silu((1.0 + scale) * inside + shift))
