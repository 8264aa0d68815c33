"""The histogram of a clip's optical flow over magnitude and direction: a vector per clip, in per cent of its pixels.

A pixel counts as moving as far as the picture changes around it, with the flow that is found there. Magnitudes m are in pixels per frame
of a picture of 64 rows, and counted on the scale log2(1 + m), so that the bins are centred at 0, 1, 3, 7 and 15 pixels; directions have
eight bins, the first to the right. A pixel is shared between the two nearest bins along each axis, so that the histogram is a continuous
function of the clip. The bin of pixels that stand still has no direction and is left out: it is what the others leave of 100.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from vidgen_metrics.motion.flow import changed, flow

SIZE = 64
"""Rows and columns in which flow is computed; larger frames are averaged down to it, smaller ones are taken as they are."""

MAGNITUDES, DIRECTIONS = 4, 8
"""Bins of moving pixels."""

_LUMA = (0.299, 0.587, 0.114)


def histograms(clips: Tensor) -> Tensor:
    """Return the histograms [N, 32], float64, of clips [N, 3, T, H, W] in [-1, 1]; entry 8 i + j has magnitude i and direction j."""
    pictures = grey(clips)
    frames, size = pictures.shape[1], pictures.shape[-2:]
    first, second = pictures[:, :-1].flatten(0, 1), pictures[:, 1:].flatten(0, 1)
    of_clip = (len(clips), frames - 1)
    moves = flow(first, second).double().unflatten(0, of_clip).movedim(2, 1).flatten(2)
    weights = changed(first, second).double().unflatten(0, of_clip).flatten(1)
    return 100.0 * shares(moves * (SIZE / size[0]), weights)


def grey(clips: Tensor) -> Tensor:
    """Return the luma [N, T, h, w], float32, of clips [N, 3, T, H, W], in frames of at most :data:`SIZE` rows and columns."""
    red, green, blue = clips.float().unbind(dim=1)
    luma = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    if max(luma.shape[-2:]) <= SIZE:
        return luma
    return functional.adaptive_avg_pool2d(luma, SIZE)


def shares(moves: Tensor, weights: Tensor) -> Tensor:
    """Return the share [N, 32] of each bin in displacements [N, 2, P], x to the right and y downwards.

    Args:
        moves: the displacements; those of 0 are in no bin.
        weights: how far each counts [N, P], from 0 to 1; the shares add up to at most their mean.
    """
    x, y = moves.unbind(dim=1)
    scale = torch.log2(1.0 + torch.hypot(x, y)).clamp(max=float(MAGNITUDES))
    turn = torch.atan2(y, x) * (DIRECTIONS / (2.0 * math.pi))
    magnitude = torch.stack([_beside(scale - k) for k in range(1, MAGNITUDES + 1)], dim=1)
    direction = torch.stack([_beside(_wrapped(turn - k)) for k in range(DIRECTIONS)], dim=1)
    return ((magnitude * weights[:, None]) @ direction.transpose(1, 2)).flatten(1) / x.shape[1]


def _beside(distance: Tensor) -> Tensor:
    """Return the part of a bin in values at this distance from its centre: 1 at the centre, 0 from the next centre on."""
    return (1.0 - distance.abs()).clamp(min=0.0)


def _wrapped(turn: Tensor) -> Tensor:
    """Return the shortest way round, in bins, of a difference of directions."""
    return torch.remainder(turn + DIRECTIONS / 2, DIRECTIONS) - DIRECTIONS / 2
