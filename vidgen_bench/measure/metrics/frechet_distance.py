"""The Fréchet distance between Gaussian fits of two feature sets, in float64, without a matrix square root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vidgen_bench.api import RANK_DEFICIENT, FeatureSet, Moments, Need, NoOptions, Reference, View, hookimpl
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.metrics.sides import at_least, beside, matrix

if TYPE_CHECKING:
    from vidgen_bench.measure.metrics.gaussian import Beside, Divisor, Gaussian

DISTANCE = "Fréchet distance"


def frechet_distance(a: Moments, b: Moments) -> float:
    """Return the squared Fréchet distance between two Gaussians.

    d = |m_a - m_b|^2 + tr C_a + tr C_b - 2 tr (C_a C_b)^(1/2), where tr (C_a C_b)^(1/2) = sum of roots of eig(L_b^T C_a L_b)

    Args:
        a, b: moments of the same D features.
    Returns:
        A number >= 0; nan if a moment is not finite.
    Raises:
        RequestError: fewer than 2 samples on a side, or different numbers of features.
    Reference:
        Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule", equation 6.
    """
    from vidgen_bench.measure.metrics.gaussian import Gaussian, root_trace

    at_least(2, DISTANCE, "a covariance does", a.count, b.count)
    mean = beside(a.mean[None], b.mean, DISTANCE)[0]
    ours, theirs = Gaussian(Moments(a.count, mean, a.covariance.to(mean.device))), Gaussian(b)
    if not (ours.finite and theirs.finite):
        return float("nan")
    rank = min(a.count - 1, b.count - 1, int((ours.alive & theirs.alive).sum()))
    cross = root_trace(theirs.factor.T @ ours.covariance @ theirs.factor, rank)
    return theirs.distance(ours.mean, ours.trace, cross)


def gaussian_of_real(metric: str, reference: Reference, divisor: Divisor = "n-1") -> Gaussian:
    """Return the Gaussian fit to the features of real clips.

    Raises:
        RequestError: the reference has no moments, or fewer than 2 clips.
    """
    from vidgen_bench.measure.metrics.gaussian import Gaussian

    if reference.moments is None:
        raise RequestError(f"The metric {metric!r} needs the moments of real clips; the reference has none.")
    at_least(2, DISTANCE, "a covariance does", reference.moments.count)
    return Gaussian(reference.moments, divisor)


def samples_beside(samples: FeatureSet, gaussian: Gaussian) -> Beside:
    """Return the comparison of samples with a Gaussian; metrics with the same moments share one comparison.

    Raises:
        RequestError: fewer than 2 samples, or a number of features that differs from that of the real clips.
    """
    from vidgen_bench.measure.metrics.gaussian import Beside

    x = matrix(samples.features, DISTANCE)
    at_least(2, DISTANCE, "a covariance does", len(x))
    x = beside(x, gaussian.mean, DISTANCE)
    # the cached value keeps the moments alive, so that their id is not reused
    key = f"beside {id(gaussian.moments)} {gaussian.divisor}"
    return samples.once(key, lambda: Beside(x, gaussian))


def rank_deficient(samples: int, features: int) -> str:
    """Return "rank-deficient" if there are too few samples to span the features, else "".

    The distance is then strongly biased upwards, and depends more on the number of samples than on the model.
    """
    return RANK_DEFICIENT if samples - 1 < features else ""


@dataclass(frozen=True)
class FrechetDistance:
    """The declaration of ``fid``: the Fréchet distance between generated and real features."""

    name: str = "fid"
    title: str = "FID"
    summary: str = "Fréchet distance to the training clips in feature space (fc7 after ReLU)."
    api: str = "1.0"
    reference: str = (
        "Heusel et al., GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium, NIPS 2017"
    )
    options: type = NoOptions
    layer: str = "fc7"
    better: Literal["higher", "lower", "neither"] = "lower"
    view: View = "as-is"
    needs: frozenset[Need] = frozenset({"moments"})

    caveat = staticmethod(rank_deficient)

    def scorer(self, reference: Reference, options: NoOptions) -> Callable[[FeatureSet], float]:
        """Return ``features [n, D] -> distance``; the real covariance is factorised once for all batches.

        Raises:
            RequestError: the reference has no moments.
        """
        gaussian = gaussian_of_real(self.name, reference)
        return lambda samples: samples_beside(samples, gaussian).whole


@hookimpl
def vidgen_metrics() -> list[FrechetDistance]:
    """Return the Fréchet distance."""
    return [FrechetDistance()]
