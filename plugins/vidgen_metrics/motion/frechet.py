"""The squared Fréchet distance between Gaussian fits of two sets of vectors, in float64."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from vidgen_bench.api import Moments


def distance_to(real: Moments) -> Callable[[Tensor], float]:
    """Return the function ``vectors [n, D] -> distance``, n at least 2; the real covariance is factorised once.

    d = |m - m_r|^2 + tr C + tr C_r - 2 tr (C_r^(1/2) C C_r^(1/2))^(1/2)

    Covariances have the divisor n - 1. Eigenvalues beyond the largest possible rank are 0 up to rounding and are left out, because the
    root of 1e-16 is not small. A distance of vectors that are not finite is nan.

    Reference: Dowson and Landau 1982, "The Fréchet Distance between Multivariate Normal Distributions", equation 4.
    """
    root = _root(real.covariance)

    def distance(vectors: Tensor) -> float:
        if not bool(vectors.isfinite().all()):
            return float("nan")
        mean = vectors.mean(dim=0)
        covariance = torch.cov(vectors.T).reshape(len(mean), len(mean))
        varying = (covariance.diagonal() > 0) & (real.covariance.diagonal() > 0)
        rank = min(len(vectors) - 1, real.count - 1, int(varying.sum()))
        values = torch.linalg.eigvalsh(root @ covariance @ root)
        cross = values[len(values) - rank :].clamp(min=0.0).sqrt().sum()
        traces = covariance.trace() + real.covariance.trace()
        return max(0.0, float((mean - real.mean).square().sum() + traces - 2.0 * cross))

    return distance


def _root(covariance: Tensor) -> Tensor:
    """Return the symmetric root of a covariance."""
    values, vectors = torch.linalg.eigh(covariance)
    return (vectors * values.clamp(min=0.0).sqrt()) @ vectors.T
