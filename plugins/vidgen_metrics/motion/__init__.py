"""``motion``: how far the optical flow of generated clips is from that of real clips, without a trained network.

The flow between neighbouring frames becomes one histogram over magnitude and direction per clip; the score is the Fréchet distance
between Gaussian fits of the histograms of generated and of real clips.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vidgen_bench import hookimpl
from vidgen_bench.api import RANK_DEFICIENT, FeatureSet, Need, NoOptions, Reference, View
from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Motion:
    """The declaration of ``motion``."""

    name: str = "motion"
    title: str = "motion"
    summary: str = "Fréchet distance to the training clips between histograms of optical flow; sees motion, and no shapes or colours."
    api: str = "1.3"
    reference: str = "Liu et al., Fréchet Video Motion Distance, 2024; the flow is that of Lucas and Kanade, 1981"
    options: type = NoOptions
    better: Literal["higher", "lower", "neither"] = "lower"
    view: View = "as-is"
    needs: frozenset[Need] = frozenset({"clips", "moments"})

    def caveat(self, samples: int, features: int) -> str:
        """Return "rank-deficient" if there are too few clips to span the bins of the histogram, else ""."""
        return RANK_DEFICIENT if samples - 1 < features else ""

    def features(self, clips: Tensor, options: NoOptions) -> Tensor:
        """Return the histograms [N, 32] of the clips' flow, in per cent of their pixels."""
        from vidgen_metrics.motion.histogram import histograms

        return histograms(clips)

    def scorer(self, reference: Reference, options: NoOptions) -> Callable[[FeatureSet], float]:
        """Return ``histograms [n, 32] -> distance``.

        Raises:
            RequestError: the reference has no moments.
        """
        if reference.moments is None:
            raise RequestError(f"The metric {self.name!r} needs the moments of real clips; the reference has none.")
        from vidgen_metrics.motion.frechet import distance_to

        distance = distance_to(reference.moments)

        def score(samples: FeatureSet) -> float:
            if len(samples.features) < 2:
                raise RequestError(f"The metric {self.name!r} needs at least 2 samples; found {len(samples.features)}.")
            return distance(samples.features)

        return score


@hookimpl
def vidgen_metrics() -> list[Motion]:
    """Return the distance of motion."""
    return [Motion()]
