"""Sizes shared by the declaration of DVD-GAN and its networks: widths of codes, channels at each side."""

from __future__ import annotations

SIDE = 4
"""Side of the map that the temporal generator emits."""

NOISE, EMBEDDING = 120, 120
"""Entries of z and of the class embedding e(y)."""

MOST = 8
"""Channels of z_t, in units of the generator's width."""

JUDGED = 16
"""Most channels of a discriminator, in units of its width."""


def fits(size: int) -> bool:
    """Return whether frames of this side are a 4 x 4 map doubled at least twice."""
    return size >= 4 * SIDE and size & (size - 1) == 0


def generator_widths(size: int, channels: int) -> list[int]:
    """Return the channels at the sides 4, 8 ... ``size``: 8-8-8-4-2-1 times the width at 128 pixels.

    Args:
        size: side of the frame in pixels, 4 * 2^k.
        channels: the width, ch.
    Reference: 4 to 64 as in Clark et al. 2019's public port; one more halving at 128, as in BigGAN (Brock et al. 2019, table 4).
    """
    sides = [SIDE << i for i in range((size // SIDE).bit_length())]
    return [channels * max(1, min(MOST, 128 // side)) for side in sides]


def discriminator_widths(size: int, channels: int) -> list[int]:
    """Return the channels after each block: 2-4-8-16-16 times the width at 64 pixels; all blocks but the last halve the map.

    Args:
        size: side of the frame in pixels, 4 * 2^k; frames end as maps of 4 x 4, clips of half the size as 2 x 2.
        channels: the width, c.
    """
    return [channels * min(JUDGED, 2 << i) for i in range((size // SIDE).bit_length())]
