"""Sizes shared by the declaration of TGANv2 and its networks: sides, doublings and channels."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

LATENT = 256
"""Width of z_0."""

FIRST, LEAST = 1024, 32
"""Channels of z_t; each doubling halves them, down to the minimum."""

MIDDLE, HALVINGS = 64, 5
"""Channels of the discriminator's first block, doubled by each later one; number of blocks."""


def first_side(size: int, base: int | Literal["auto"]) -> int:
    """Return the side of z_t: the odd part of the frame's side (3 for 192), or 4 if that is 1."""
    if base != "auto":
        return base
    odd = size // (size & -size)
    return odd if odd > 1 else 4


def doublings(size: int, side: int) -> int | None:
    """Return k with ``size == side * 2^k``, or None."""
    factor, rest = divmod(size, side)
    return None if rest or factor < 1 or factor & (factor - 1) else factor.bit_length() - 1


def stages(doubled: int, levels: int, width: float) -> list[tuple[int, ...]]:
    """Return the channels in and out of the blocks before each render head.

    Block i = 1, 2 ... emits max(1024 / 2^i, 32) channels times ``width``. 192 pixels, from side 3 and with four levels, give
    (1024, 512, 256, 128), (128, 64), (64, 32), (32, 32).

    Args:
        doubled: doublings from z_t to the frame.
        levels: number of rendered resolutions, the last ones; at most ``doubled + 1``.
        width: factor on the channels.
    Reference: Saito et al. 2020; the authors' code, base channels 32.
    """
    widths = tuple(scaled(max(FIRST >> i, LEAST), width) for i in range(doubled + 1))
    before = doubled - (levels - 1)
    return [widths[: before + 1], *pairwise(widths[before:])]


def discriminator_widths(width: float) -> tuple[int, ...]:
    """Return the channels of the discriminator's blocks, 64-128-256-512-1024 at width 1."""
    return tuple(scaled(MIDDLE << i, width) for i in range(HALVINGS))


def scaled(channels: int, width: float) -> int:
    """Return the channels at this width, at least one."""
    return max(1, round(channels * width))
