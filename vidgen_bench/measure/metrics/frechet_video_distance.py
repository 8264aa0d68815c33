"""The Fréchet video distance: the Fréchet distance in I3D logits, with the covariance divisor of either published implementation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from vidgen_bench.api import FeatureSet, Need, Reference, View, hookimpl, option
from vidgen_bench.measure.metrics.frechet_distance import gaussian_of_real, rank_deficient, samples_beside


@dataclass(frozen=True)
class FrechetVideoDistanceOptions:
    """The setting in which published implementations differ."""

    divisor: Literal["n-1", "n"] = option("n-1", "divisor of both covariances; StyleGAN-V divides by n")


@dataclass(frozen=True)
class FrechetVideoDistance:
    """The declaration of ``fvd``: the Fréchet distance between generated and real logits."""

    name: str = "fvd"
    title: str = "FVD"
    summary: str = "Fréchet video distance: Fréchet distance to real clips in the logits of an I3D."
    api: str = "1.0"
    reference: str = "Unterthiner et al., Towards Accurate Generative Models of Video: A New Metric & Challenges, 2018"
    options: type = FrechetVideoDistanceOptions
    layer: str = "logits"
    better: Literal["higher", "lower", "neither"] = "lower"
    view: View = "as-is"
    needs: frozenset[Need] = frozenset({"moments"})

    caveat = staticmethod(rank_deficient)

    def scorer(self, reference: Reference, options: FrechetVideoDistanceOptions) -> Callable[[FeatureSet], float]:
        """Return ``logits [n, D] -> distance``; the real covariance is factorised once.

        Raises:
            RequestError: the reference has no moments.
        """
        gaussian = gaussian_of_real(self.name, reference, options.divisor)
        return lambda samples: samples_beside(samples, gaussian).whole


@hookimpl
def vidgen_metrics() -> list[FrechetVideoDistance]:
    """Return the Fréchet video distance."""
    return [FrechetVideoDistance()]
