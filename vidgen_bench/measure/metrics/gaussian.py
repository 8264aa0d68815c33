"""A Gaussian fit of real features, and its Fréchet distance to samples, from eigenvalues of symmetric matrices.

The published code uses ``scipy.linalg.sqrtm(C_x C)``, which becomes complex and loses digits if n < D (2,048 samples of 4,096
features). With X the centred features over sqrt(n - 1) and C = L L^T, the nonzero eigenvalues of C_x C are those of X C X^T [n, n] and
of (X L)^T (X L) [D, D]. Both are symmetric; the smaller one is used, and the sum of the roots of its eigenvalues is the trace.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from vidgen_bench.api import Moments
from vidgen_bench.measure.metrics.sides import finite

Divisor = Literal["n-1", "n"]
ROUNDING = 1e-6
"""A negative distance within this fraction of the traces is rounding error and set to 0; other negative values are kept."""


class Gaussian:
    """The Gaussian that samples are compared with; its covariance is factorised once, on first use."""

    def __init__(self, moments: Moments, divisor: Divisor = "n-1") -> None:
        self.moments, self.divisor = moments, divisor
        self.mean, count = moments.mean, moments.count
        self.covariance = moments.covariance if divisor == "n-1" else moments.covariance * ((count - 1) / count)
        self.finite = finite(self.mean, self.covariance)
        self.trace = float(self.covariance.trace())
        self.alive = self.covariance.diagonal() > 0

    @cached_property
    def factor(self) -> Tensor:
        """L [D, r] with L L^T = C, r the largest possible rank of C; the others are rounding errors, whose roots are not small."""
        rank = min(int(self.alive.sum()), self.moments.count - 1)
        values, vectors = torch.linalg.eigh(self.covariance)
        kept = slice(len(values) - rank, None)
        return vectors[:, kept] * values[kept].clamp(min=0.0).sqrt()

    def distance(self, mean: Tensor, trace: float, cross: float) -> float:
        """Return |m - m_ref|^2 + tr C_x + tr C - 2 ``cross``, where ``cross`` is tr (C_x C)^(1/2)."""
        traces = trace + self.trace
        value = float((mean - self.mean).square().sum()) + traces - 2.0 * cross
        return 0.0 if -ROUNDING * traces <= value < 0.0 else value


class Beside:
    """The comparison of samples with a Gaussian: the distance of all rows, or of any subset, from one large matrix product."""

    def __init__(self, features: Tensor, gaussian: Gaussian) -> None:
        """Store features [n, D], n at least 2, on the Gaussian's device; distances are computed on demand."""
        self._gaussian = gaussian
        self._mean = features.mean(dim=0)
        self._x = features - self._mean

    @cached_property
    def whole(self) -> float:
        """The squared Fréchet distance of all samples; nan if a value is not finite."""
        return self.distance(slice(None))

    def distance(self, rows: slice | Tensor) -> float:
        """Return the squared Fréchet distance of the given rows, at least 2."""
        if not self._gaussian.finite or not finite(self._x):
            return float("nan")
        x = self._x[rows]
        shift = x.mean(dim=0)
        divisor = len(x) - (self._gaussian.divisor == "n-1")
        varying = self._gaussian.alive & (x != x[0]).any(dim=0)
        rank = min(len(x) - 1, self._gaussian.moments.count - 1, int(varying.sum()))
        cross = root_trace(self._symmetric(rows), rank) / divisor**0.5
        trace = float((x - shift).square().sum()) / divisor
        return self._gaussian.distance(self._mean + shift, trace, cross)

    @cached_property
    def _product(self) -> Tensor:
        """X C X^T [n, n] if n <= D, else X L [n, r]."""
        if self._x.shape[0] <= self._x.shape[1]:
            return self._x @ self._gaussian.covariance @ self._x.T
        return self._x @ self._gaussian.factor

    def _symmetric(self, rows: slice | Tensor) -> Tensor:
        """Return a symmetric matrix whose eigenvalues are those of C_x C, multiplied by the divisor of C_x."""
        part = self._product[rows]
        centred = part - part.mean(dim=0)
        if self._x.shape[0] <= self._x.shape[1]:
            square = centred[:, rows]
            return square - square.mean(dim=1, keepdim=True)
        return centred.T @ centred if centred.shape[0] > centred.shape[1] else centred @ centred.T


def root_trace(matrix: Tensor, rank: int) -> float:
    """Return the sum of the square roots of the ``rank`` largest eigenvalues of a symmetric matrix.

    The other eigenvalues are 0 up to rounding and are left out, because the root of 1e-16 is not small.
    """
    if not finite(matrix):
        return float("nan")
    values = torch.linalg.eigvalsh(matrix)
    return float(values[max(0, len(values) - rank) :].clamp(min=0.0).sqrt().sum())
