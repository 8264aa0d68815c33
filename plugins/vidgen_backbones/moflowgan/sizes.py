"""Sizes shared by the declaration of MoFlowGAN and its networks: sides of maps, and their channels."""

from __future__ import annotations

from typing import Literal

SIDE = 4
"""Side of the first map of the frame generator and of the last map of the discriminators."""

LAST, MOST = 32, 512
"""Channels of a map as large as the frame; each halving of the side doubles them, up to the maximum."""

LARGEST_FLOW_SIDE = 32
"""Side of the feature maps that flow is computed from, for frames of at least twice this side."""


def sides(size: int) -> tuple[int, ...]:
    """Return the sides of the maps from 4 to the frame's size: 4, 8 ... size."""
    return tuple(SIDE << i for i in range((size // SIDE).bit_length()))


def channels_at(side: int, size: int, width: float) -> int:
    """Return the channels of a map of this side in a network for frames of this size, at least one.

    64 pixels give 512-256-128-64-32 on the sides 4-8-16-32-64; 128 pixels give 512-512-256-128-64-32.
    """
    return max(1, round(min(LAST * size // side, MOST) * width))


def flow_side(chosen: int | Literal["auto"], size: int) -> int:
    """Return the side of the feature maps that flow is computed from; auto: half of the frame's side, at most 32."""
    return min(size // 2, LARGEST_FLOW_SIDE) if chosen == "auto" else chosen
