"""The Fréchet distance between Gaussian fits of two feature sets, in float64, without a matrix square root.

The published code takes ``scipy.linalg.sqrtm(C1 C2)``, which turns complex and loses digits where n < d (2,048 samples of 4,096
features). With C = L L^T, the eigenvalues of C1 C2 are the squared singular values of L1^T L2; their sum is the same trace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vidgen_bench import hookimpl
from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    import numpy as np

    from vidgen_bench.api import Moments

ROUNDING = 1e-6
"""A negative distance smaller than this part of the traces is rounding and reads 0; a larger one would be shown as it is."""


def frechet_distance(a: Moments, b: Moments) -> float:
    """Return the squared Fréchet distance between two Gaussians.

    d = |m_a - m_b|^2 + tr C_a + tr C_b - 2 tr (C_a C_b)^(1/2), where tr (C_a C_b)^(1/2) = sum of singular values of L_a^T L_b

    Args:
        a, b: moments of the same D features.
    Returns:
        A number from 0; nan where a moment is not finite.
    Raises:
        RequestError: fewer than 2 samples, or different numbers of features.
    Reference:
        Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule", equation 6.
    """
    _comparable(a.count, a.mean.shape[0], b)
    return _distance(factor(a).T, a.mean, b, factor(b))


def factor(moments: Moments) -> np.ndarray:
    """Return L [D, r] with L L^T = C, r = min(D, n - 1): beyond it lies only rounding, whose root would not be small.

    C is decomposed as V diag(l) V^T; L = V diag(sqrt(l)) of the r largest eigenvalues.
    """
    import numpy as np
    from scipy import linalg

    size = moments.covariance.shape[0]
    rank = min(size, moments.count - 1)
    if not np.isfinite(moments.covariance).all():
        return np.full((size, rank), np.nan)
    values, vectors = linalg.eigh(moments.covariance, subset_by_index=(size - rank, size - 1), check_finite=False)
    return vectors * np.sqrt(np.clip(values, 0.0, None))


def distance_to(features: np.ndarray, reference: Moments, reference_factor: np.ndarray) -> float:
    """Return the squared Fréchet distance of features [n, D] to a reference whose factor L is known.

    With X the centred features, tr (C C_ref)^(1/2) = sum of singular values of (X / sqrt(n - 1)) L: the covariance of the
    features is never formed, and for n < D the matrix is only [n, r].
    """
    import numpy as np

    x = np.asarray(features, dtype=np.float64)
    if x.ndim != 2:
        raise RequestError(f"The Fréchet distance is of features [samples, features]; found an array {list(x.shape)}.")
    _comparable(x.shape[0], x.shape[1], reference)
    mean = x.mean(axis=0)
    return _distance((x - mean) / np.sqrt(x.shape[0] - 1), mean, reference, reference_factor)


def _distance(root: np.ndarray, mean: np.ndarray, reference: Moments, reference_factor: np.ndarray) -> float:
    """Return the distance of a set with covariance ``root^T root`` to the reference."""
    import numpy as np

    product = root @ reference_factor
    if not (np.isfinite(product).all() and np.isfinite(mean).all() and np.isfinite(reference.mean).all()):
        return float("nan")
    cross = np.linalg.svd(product, compute_uv=False).sum()
    traces = float(np.square(root).sum() + np.trace(reference.covariance))
    value = float(np.square(mean - reference.mean).sum() + traces - 2.0 * cross)
    return 0.0 if -ROUNDING * traces <= value < 0.0 else value


def _comparable(count: int, size: int, reference: Moments) -> None:
    """Refuse sets that have no covariance, and sets of different features."""
    fewest = min(count, reference.count)
    if fewest < 2:
        raise RequestError(
            f"The Fréchet distance needs at least 2 samples on both sides, because a covariance does; found {fewest}. "
            "Give more samples (evaluation.samples and evaluation.final.samples of the track)."
        )
    if size != reference.mean.shape[0]:
        raise RequestError(
            f"The Fréchet distance compares equal features: the samples have {size}, the reference {reference.mean.shape[0]}. "
            "Measure both with one instrument and layer."
        )


@dataclass(frozen=True)
class FrechetDistance:
    """The declaration of ``fid``: how far generated features lie from those of real clips."""

    name: str = "fid"
    title: str = "FID"
    summary: str = "Fréchet distance to the training clips in feature space (fc7 after ReLU)."
    api: str = "1.0"
    reference: str = (
        "Heusel et al., GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium, NIPS 2017"
    )
    layer: str = "fc7"
    better: Literal["higher", "lower"] = "lower"
    needs_reference: bool = True

    def scorer(self, reference: Moments | None) -> Callable[[np.ndarray], float]:
        """Return ``features [n, D] -> distance``; the reference covariance is factorised here, once.

        Raises:
            RequestError: no reference was given.
        """
        if reference is None:
            raise RequestError("The metric 'fid' compares with the moments of real clips; none were given.")
        known = reference
        _comparable(known.count, known.mean.shape[0], known)
        reference_factor = factor(known)
        return lambda features: distance_to(features, known, reference_factor)


@hookimpl
def vidgen_metrics() -> list[FrechetDistance]:
    """Return the Fréchet distance."""
    return [FrechetDistance()]
