"""The distance to the nearest training clip: whether a model shows what it has learnt by heart.

It is read beside the real anchor, held-out clips: generated clips that lie much nearer to the training clips than unseen real ones do
are copies. Clips far from everything are far from the training clips too, so a large distance is no merit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from vidgen_bench.api import FeatureSet, Need, NoOptions, Reference, View, hookimpl
from vidgen_bench.measure.metrics.neighbours import pair_of
from vidgen_bench.measure.metrics.sides import real_clips


def nearest_neighbour_distance(samples: FeatureSet, real: FeatureSet) -> float:
    """Return the mean distance of the samples to the nearest real clip.

    d = mean_j min_i |y_j - x_i|

    Args:
        samples: features [n, D] of generated clips.
        real: features [m, D] of training clips.
    Returns:
        A number from 0, in the unit of the features; nan where a feature is not finite.
    Raises:
        RequestError: no matrix, or different numbers of features.
    Reference:
        Euclidean nearest neighbours in feature space, as in Heusel et al. 2017 and Borji 2019, "Pros and Cons of GAN Evaluation
        Measures", section 2.2.
    """
    return float(pair_of(samples, real).nearest_of_all().mean())


@dataclass(frozen=True)
class NearestNeighbour:
    """The declaration of ``nearest``: how near generated clips lie to training clips."""

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
            RequestError: no clips were given.
        """
        real = real_clips(self.name, reference)
        return lambda samples: nearest_neighbour_distance(samples, real)


@hookimpl
def vidgen_metrics() -> list[NearestNeighbour]:
    """Return the distance to the nearest training clip."""
    return [NearestNeighbour()]
