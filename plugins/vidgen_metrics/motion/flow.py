"""Optical flow by the pyramidal method of Lucas and Kanade, for many pairs of pictures at once, in the precision of the pictures.

In a window around each pixel, with g the gradient of the first frame, I_t = second - first, and w a Gaussian weight:

    (sum w g g^T + epsilon 1) d = - sum w g I_t

The flow of a coarser level is doubled and refined: the second frame is warped by the flow so far, d is added to it, at most a pixel along
each axis, and the flow is averaged over the window, because d was found for a window that moves as one. Where nothing varies in the
window, d is 0, so plain areas stand still or move with what a coarser level saw there. Nothing is computed across pairs, and each result
is a fixed sequence of sums, so a pair has the same flow in any batch.

Reference: Lucas and Kanade 1981, "An Iterative Image Registration Technique"; Bouguet 2000, "Pyramidal Implementation of the Lucas
Kanade Feature Tracker", of which this is the dense form.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

SMALLEST = 8
"""The side of the coarsest level, in pixels: a shift of an eighth of the frame is one pixel there."""

ROUNDS = 3
"""Refinements per level."""

SIGMA = 1.5
"""The standard deviation of the window, in pixels."""

EPSILON = 1e-4
"""Added to the squared gradients (of pixels in [-1, 1]), so that the noise of a plain picture moves nothing."""

CHANGE = 1e-3
"""The squared change of a window that counts half: about 0.03, four of 256 grey levels."""


def flow(first: Tensor, second: Tensor) -> Tensor:
    """Return the flow [M, 2, H, W] from pictures ``first`` to ``second`` [M, H, W], in pixels: x to the right, then y downwards."""
    levels = [(first[:, None], second[:, None])]
    while min(levels[-1][0].shape[-2:]) >= 2 * SMALLEST:
        one, other = levels[-1]
        levels.append((_halved(one), _halved(other)))
    top = levels[-1][0]
    found = top.new_zeros(len(top), 2, *top.shape[-2:])
    for one, other in reversed(levels):
        if found.shape[-2:] != one.shape[-2:]:
            found = 2.0 * functional.interpolate(found, size=one.shape[-2:], mode="bilinear", align_corners=False)
        found = _refined(one, other, found)
    return found


def changed(first: Tensor, second: Tensor) -> Tensor:
    """Return how far each pixel's window changes from ``first`` to ``second`` [M, H, W]: s / (s + CHANGE) of the squared change s.

    It is 0 where nothing changes and near 1 where an edge passes. It tells what moves from plain areas around it, whose flow is that of
    a coarser level.
    """
    square = _windowed((second - first).square()[:, None])[:, 0]
    return square / (square + CHANGE)


def _refined(first: Tensor, second: Tensor, found: Tensor) -> Tensor:
    """Return the flow at one level after all rounds; pictures are [M, 1, H, W]."""
    x, y = _gradient(first)
    xx, xy, yy = _windowed(torch.cat([x * x, x * y, y * y], dim=1)).unbind(dim=1)
    xx, yy = xx + EPSILON, yy + EPSILON
    determinant = xx * yy - xy * xy
    for _ in range(ROUNDS):
        change = warped(second, found) - first
        bx, by = _windowed(torch.cat([x * change, y * change], dim=1)).unbind(dim=1)
        step = torch.stack([xy * by - yy * bx, xy * bx - xx * by], dim=1) / determinant[:, None]
        found = _windowed(found + step.clamp(-1.0, 1.0))
    return found


def warped(pictures: Tensor, by: Tensor) -> Tensor:
    """Return pictures [M, 1, H, W] read at each pixel's place plus its flow [M, 2, H, W], bilinear; the border goes on outside."""
    height, width = pictures.shape[-2:]
    y = torch.arange(height, dtype=by.dtype, device=by.device)[:, None] + by[:, 1]
    x = torch.arange(width, dtype=by.dtype, device=by.device) + by[:, 0]
    grid = torch.stack([2.0 * x / (width - 1) - 1.0, 2.0 * y / (height - 1) - 1.0], dim=-1)
    return functional.grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=True)


def _halved(pictures: Tensor) -> Tensor:
    """Return pictures of half the size, each pixel the mean of four."""
    return functional.avg_pool2d(pictures, 2)


def _gradient(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Return central differences along x and y; the border is repeated."""
    padded = functional.pad(pictures, (1, 1, 1, 1), mode="replicate")
    x = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2.0
    y = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2.0
    return x, y


def _windowed(maps: Tensor) -> Tensor:
    """Return the sums of maps [M, C, H, W] over the window of each pixel, one axis after the other."""
    reach = round(2 * SIGMA)
    taps = torch.arange(-reach, reach + 1, dtype=maps.dtype, device=maps.device)
    weights = torch.exp(-taps.square() / (2.0 * SIGMA**2))
    weights = weights / weights.sum()
    rows = functional.pad(maps, (reach, reach, reach, reach), mode="replicate")
    size = maps.shape[-2:]
    across = sum(w * rows[..., i : i + size[1]] for i, w in enumerate(weights))
    assert isinstance(across, Tensor)
    down = sum(w * across[..., i : i + size[0], :] for i, w in enumerate(weights))
    assert isinstance(down, Tensor)
    return down
