"""Singular value clipping, which keeps the discriminator of TGAN Lipschitz."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LOWEST = 0.01
"""The minimum scale of a batch normalisation, in units of the running standard deviation."""


@torch.no_grad()
def clip_discriminator(discriminator: nn.Module) -> None:
    """Clip the singular values of every convolution to at most 1, and the scale of every batch normalisation.

    A weight is read as a matrix (out, in * kernel). BN: gamma is clamped to [0.01 s, s], s = sqrt(running variance)
    without epsilon. Biases and BN shifts are unchanged.

    Args:
        discriminator: modified in place.
    Reference: Saito, Matsumoto, Saito 2017, section 4 (singular value clipping).
    """
    for layer in discriminator.modules():
        if isinstance(layer, nn.Conv2d | nn.Conv3d):
            layer.weight.copy_(clipped(layer.weight.flatten(1)).view_as(layer.weight))
        elif isinstance(layer, nn.BatchNorm3d) and layer.running_var is not None:
            layer.weight.copy_(clipped_scale(layer.weight, layer.running_var))


def clipped(matrix: Tensor) -> Tensor:
    """Return U min(S, 1) V^T of a matrix U S V^T.

    With the eigenvalues s^2 and eigenvectors U of M M^T it is M + U (min(1, 1/s) - 1) U^T M; values below 1 are unchanged.
    The Gram matrix is small (out x out) for a wide M; it is float64 because its eigenvalues are the squares of s.

    Args:
        matrix: [m, n].
    Returns:
        [m, n].
    """
    if matrix.shape[0] > matrix.shape[1]:
        return clipped(matrix.T).T
    wide = matrix.to(torch.float64)
    squares, u = torch.linalg.eigh(wide @ wide.T)
    excess = squares.clamp(min=1.0).rsqrt() - 1.0
    return matrix + ((u * excess) @ u.T).to(matrix.dtype) @ matrix


def clipped_scale(gamma: Tensor, variance: Tensor) -> Tensor:
    """Return gamma [C] clamped to [0.01 s, s], s = sqrt(variance)."""
    deviation = variance.sqrt()
    return torch.minimum(torch.maximum(gamma, LOWEST * deviation), deviation)
