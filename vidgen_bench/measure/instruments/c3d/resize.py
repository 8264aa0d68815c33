"""Resizes the frames of clips by two small matrix products, one per axis: bicubic as in OpenCV, bilinear as in chainer."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

Mode = Literal["bicubic", "bilinear"]
"""``bicubic``: OpenCV's INTER_CUBIC (a = -0.75, edges replicated, no antialiasing, half-pixel centres).
``bilinear``: chainer's ``resize_images`` (align-corners: the first and last pixels of both grids coincide)."""


@lru_cache(maxsize=32)
@torch.inference_mode(False)  # a matrix made in inference mode cannot be used under autograd
def resize_matrix(mode: Mode, size: int, to: int, device: torch.device | None = None) -> Tensor:
    """Return the matrix [to, size] that resizes one axis.

    The resize is separable and the same for every frame, so two matrix products suffice and take a quarter of the time of
    ``interpolate`` on a CPU. The weights are those of ``interpolate`` itself, in float64. The matrix is cached: do not modify it.
    """
    unit = torch.eye(size, dtype=torch.float64, device=device)[None, :, :, None]
    columns = F.interpolate(unit, size=(to, 1), mode=mode, align_corners=mode == "bilinear", antialias=False)
    return columns[0, :, :, 0].T.float()


def resized(clips: Tensor, mode: Mode, to: int, keep: slice = slice(None)) -> Tensor:
    """Resize clips [N, C, T, H, W] to ``to`` x ``to`` pixels, and return the rows and columns ``keep`` of every frame."""
    rows, columns = (resize_matrix(mode, size, to, clips.device)[keep] for size in clips.shape[-2:])
    wide = clips.flatten(0, 2) @ columns.T
    return (rows @ wide).unflatten(0, clips.shape[:3])
