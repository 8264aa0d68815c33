"""The distance to the nearest training clip, which reveals a model that memorises training clips.

Compare it with the real anchor: generated clips that lie much nearer to the training clips than held-out real clips do are copies. A
large distance is not a merit, since bad clips are far from every training clip.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from vidgen_bench.api import FeatureSet, Need, NoOptions, Reference, View, hookimpl
from vidgen_bench.measure.metrics.neighbours import pair_of
from vidgen_bench.measure.metrics.sides import real_clips


def nearest_neighbour_distance(samples: FeatureSet, real: FeatureSet) -> float:
    """Return the mean distance of the samples to their nearest real clips.

    d = mean_j min_i |y_j - x_i|

    Args:
        samples: features [n, D] of generated clips.
        real: features [m, D] of training clips.
    Returns:
        A number >= 0, in units of the features; nan if a feature is not finite.
    Raises:
        RequestError: not a matrix, or different numbers of features.
    Reference:
        Euclidean nearest neighbours in feature space, as in Heusel et al. 2017 and Borji 2019, "Pros and Cons of GAN Evaluation
        Measures", section 2.2.
    """
    return float(pair_of(samples, real).nearest_of_all().mean())


@dataclass(frozen=True)
class NearestNeighbour:
    """The declaration of ``nearest``: the distance of generated clips to the nearest training clips."""

    name: str = "nearest"
    title: str = "nearest"
    summary: str = "Mean fc7 distance to the nearest training clip; far below that of held-out clips: memorised."
    api: str = "1.0"
    reference: str = "Borji, Pros and Cons of GAN Evaluation Measures, CVIU 2019"
    options: type = NoOptions
    layer: str = "fc7"
    better: Literal["higher", "lower", "neither"] = "neither"
    view: View = "as-is"
    needs: frozenset[Need] = frozenset({"features"})

    def scorer(self, reference: Reference, options: NoOptions) -> Callable[[FeatureSet], float]:
        """Return ``features [n, D] -> distance``.

        Raises:
            RequestError: the reference has no clips.
        """
        real = real_clips(self.name, reference)
        return lambda samples: nearest_neighbour_distance(samples, real)


@hookimpl
def vidgen_metrics() -> list[NearestNeighbour]:
    """Return the distance to the nearest training clip."""
    return [NearestNeighbour()]
