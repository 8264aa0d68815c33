"""The kernel distance: an unbiased estimate of the squared maximum mean discrepancy, in float64.

The estimate uses whole sets. torch-fidelity and the paper's experiments average over random subsets of 1,000 (or 100) samples, which
has the same expectation and a larger variance; the spread over subsets that they report is not computed here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vidgen_bench.api import FeatureSet, Need, Reference, View, hookimpl, option
from vidgen_bench.measure.metrics.sides import at_least, beside, finite, matrix, real_clips

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

DISTANCE = "kernel distance"
ROWS = 1024
"""Rows of the kernel matrix to compute at once."""


@dataclass(frozen=True)
class KernelDistanceOptions:
    """The kernel k(x, y) = (x . y / D + coefficient)^degree."""

    degree: int = option(3, "degree of the polynomial kernel", at_least=1)
    coefficient: float = option(1.0, "added to the scaled inner product", at_least=0.0)


def kernel_distance(
    features: Tensor | np.ndarray, real: Tensor | np.ndarray, options: KernelDistanceOptions = KernelDistanceOptions()
) -> float:
    """Return the unbiased estimate of the squared maximum mean discrepancy of two sets of D features.

    d = mean_(i != j) k(x_i, x_j) + mean_(i != j) k(y_i, y_j) - 2 mean_ij k(x_i, y_j),   k(x, y) = (x . y / D + c)^degree

    Args:
        features: [n, D] of generated clips, n at least 2.
        real: [m, D] of real clips, m at least 2.
        options: degree and c of the kernel.
    Returns:
        A number, which may be negative because its expectation for equal distributions is 0; nan if a feature is not finite.
    Raises:
        RequestError: fewer than 2 samples on a side, or different numbers of features.
    Reference:
        Binkowski et al. 2018, "Demystifying MMD GANs", equation 4, with the kernel of section 4.
    """
    y = matrix(real, DISTANCE)
    return _distance(features, y, _own_term(y, options), options)


def _distance(features: Tensor | np.ndarray, y: Tensor, own: float, options: KernelDistanceOptions) -> float:
    """Return the distance to y, given y's own term."""
    x = beside(matrix(features, DISTANCE), y, DISTANCE)
    cross = _kernel_sum(x, y, options) / (len(x) * len(y))
    return _own_term(x, options) + own - 2.0 * cross


def _own_term(x: Tensor, options: KernelDistanceOptions) -> float:
    """Return the mean of k(x_i, x_j) over i != j; nan if an entry is not finite."""
    at_least(2, DISTANCE, "pairs of different clips do", len(x))
    if not finite(x):
        return float("nan")
    diagonal = float((x.square().sum(dim=1) / x.shape[1] + options.coefficient).pow(options.degree).sum())
    return (_kernel_sum(x, x, options) - diagonal) / (len(x) * (len(x) - 1))


def _kernel_sum(x: Tensor, y: Tensor, options: KernelDistanceOptions) -> float:
    """Return the sum of k(x_i, y_j) over all pairs."""
    rows = (part @ y.T / x.shape[1] + options.coefficient for part in x.split(ROWS))
    return sum(float(k.pow(options.degree).sum()) for k in rows)


@dataclass(frozen=True)
class KernelDistance:
    """The declaration of ``kid``: a distance between generated and real features that does not assume Gaussians."""

    name: str = "kid"
    title: str = "KID"
    summary: str = "Kernel distance to the training clips (squared MMD of fc7); unbiased, so it may be negative."
    api: str = "1.0"
    reference: str = "Binkowski et al., Demystifying MMD GANs, ICLR 2018"
    options: type = KernelDistanceOptions
    layer: str = "fc7"
    better: Literal["higher", "lower", "neither"] = "lower"
    view: View = "as-is"
    needs: frozenset[Need] = frozenset({"features"})

    def scorer(self, reference: Reference, options: KernelDistanceOptions) -> Callable[[FeatureSet], float]:
        """Return ``features [n, D] -> distance``; the real clips' own term is computed once.

        Raises:
            RequestError: the reference has no clips, or fewer than 2.
        """
        y = matrix(real_clips(self.name, reference).features, DISTANCE)
        own = _own_term(y, options)
        return lambda samples: _distance(samples.features, y, own, options)


@hookimpl
def vidgen_metrics() -> list[KernelDistance]:
    """Return the kernel distance."""
    return [KernelDistance()]
