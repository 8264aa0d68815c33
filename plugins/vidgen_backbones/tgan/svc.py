"""Singular value clipping, which keeps the discriminator of TGAN Lipschitz."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LOWEST = 0.01
"""The minimum scale of a batch normalisation, in units of the running standard deviation."""

SIGN_STEPS, ROOT_STEPS = 40, 24
"""Newton-Schulz steps; each multiplies values that are still far from their limit by 1.5.

1.5^24 is enough for singular values up to about 100; with 12 steps, a largest value of 30 shrinks values below 1 by 0.001.
"""


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
    """Return U min(S, 1) V^T of a matrix U S V^T, from eigenvalues on a CPU and by products alone elsewhere.

    CUDA's eigenvalue solver waits for the host and is slower than the products.

    Args:
        matrix: [m, n].
    Returns:
        [m, n].
    """
    if matrix.shape[0] > matrix.shape[1]:
        return clipped(matrix.T).T
    return clipped_by_eigenvalues(matrix) if matrix.device.type == "cpu" else clipped_by_products(matrix)


def clipped_by_eigenvalues(matrix: Tensor) -> Tensor:
    """Return U min(S, 1) V^T of a wide matrix U S V^T.

    With the eigenvalues s^2 and eigenvectors U of M M^T it is M + U (min(1, 1/s) - 1) U^T M; values below 1 are unchanged.
    The Gram matrix is small (out x out) for a wide M; it is float64 because its eigenvalues are the squares of s.

    Args:
        matrix: [m, n], m <= n.
    Returns:
        [m, n].
    """
    wide = matrix.to(torch.float64)
    squares, u = torch.linalg.eigh(wide @ wide.T)
    excess = squares.clamp(min=1.0).rsqrt() - 1.0
    return matrix + ((u * excess) @ u.T).to(matrix.dtype) @ matrix


def clipped_by_products(matrix: Tensor) -> Tensor:
    """Return U min(S, 1) V^T of a wide matrix U S V^T without a decomposition and without waiting for the device.

    With E = M M^T - I, B = I + (E + E sign(E)) / 2 has the eigenvalues max(s^2, 1), and the result is B^(-1/2) M. Where the
    iteration for the sign is slow, at s = 1, it is multiplied by an E that is almost zero. The products must be float32, not TF32:
    :attr:`vidgen_bench.api.Player.after` runs so. Values near 1 have errors of about 1e-7 times the largest s^2.

    Args:
        matrix: [m, n], m <= n.
    Returns:
        [m, n].
    Reference: Higham, "Functions of Matrices" (2008), sections 5.3 and 6.3 (Newton-Schulz iterations).
    """
    one = torch.eye(len(matrix), dtype=matrix.dtype, device=matrix.device)
    excess = matrix @ matrix.T - one
    squares = one + (excess + excess @ _sign(excess)) / 2
    return matrix + (_inverse_root(squares, one) - one) @ matrix


def _sign(matrix: Tensor) -> Tensor:
    """Return the sign of a symmetric matrix: its eigenvectors, with the signs of its eigenvalues."""
    x = matrix / _norm_bound(matrix)
    for _ in range(SIGN_STEPS):
        x = 1.5 * x - 0.5 * (x @ x @ x)
    return x


def _inverse_root(matrix: Tensor, one: Tensor) -> Tensor:
    """Return the inverse of the square root of a symmetric matrix whose eigenvalues are at least 1."""
    bound = _norm_bound(matrix)
    y, z = matrix / bound, one
    for _ in range(ROOT_STEPS):
        step = 1.5 * one - 0.5 * (z @ y)
        y, z = y @ step, step @ z
    return z * bound.rsqrt()


def _norm_bound(matrix: Tensor) -> Tensor:
    """Return an upper bound of the largest absolute eigenvalue of a symmetric matrix: the smaller of two norms."""
    bound = torch.minimum(matrix.abs().sum(dim=1).max(), matrix.square().sum().sqrt())
    return bound.clamp(min=torch.finfo(matrix.dtype).tiny)


def clipped_scale(gamma: Tensor, variance: Tensor) -> Tensor:
    """Return gamma [C] clamped to [0.01 s, s], s = sqrt(variance)."""
    deviation = variance.sqrt()
    return torch.minimum(torch.maximum(gamma, LOWEST * deviation), deviation)
