"""Precision, recall, density and coverage: the overlap between the neighbourhoods of real and generated clips.

With real features x_i (n of them), generated features y_j (m), and NN_k(x) the distance of x to the k-th nearest other in its set:

    precision = mean_j [some i: |y_j - x_i| <= NN_k(x_i)]       recall   = mean_i [some j: |y_j - x_i| <= NN_k(y_j)]
    density   = sum_ij [|y_j - x_i| < NN_k(x_i)] / (k m)        coverage = mean_i [some j: |y_j - x_i| < NN_k(x_i)]

Both sides have the same number of clips. The signs <= and < follow the code released with the two papers; with <, the density of a set
relative to itself is 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from vidgen_bench.api import FeatureSet, Need, Reference, View, hookimpl, option
from vidgen_bench.measure.metrics.sides import at_least, beside, finite, matrix, real_clips

if TYPE_CHECKING:
    from torch import Tensor

CLIPS = "neighbourhood of clips"
KEPT = 8
"""Nearest neighbours to compute per clip, so that metrics with different k share them."""


class Pair:
    """Generated features [n, D] and the same number of real ones; results that several metrics need are computed once."""

    def __init__(self, features: Tensor, real: FeatureSet) -> None:
        y = matrix(real.features, CLIPS)
        self._x = beside(features, y, CLIPS)
        self._y = y[: len(self._x)]  # its rows are in random order
        self._samples, self._real = FeatureSet(self._x), real
        self.counts = (len(self._x), len(self._y))
        self.finite = finite(self._x, self._y)

    @cached_property
    def distances(self) -> Tensor:
        """|y_j - x_i| as [generated, real]."""
        from vidgen_bench.measure.metrics.distances import distances

        return distances(self._x, self._y)

    def nearest_of_all(self) -> Tensor:
        """Return the distance [n] of each generated clip to the nearest of all real clips."""
        from vidgen_bench.measure.metrics.distances import nearest

        rest = matrix(self._real.features, CLIPS)[len(self._y) :]
        near = self.distances.amin(dim=1)
        return near.minimum(nearest(self._x, rest)) if len(rest) else near

    def real_radii(self, k: int) -> Tensor:
        """Return NN_k of every real clip; batches of one size share the result."""
        return _radii(self._real, self._y, k)

    def sample_radii(self, k: int) -> Tensor:
        """Return NN_k of every generated clip."""
        return _radii(self._samples, self._x, k)


def pair_of(samples: FeatureSet, real: FeatureSet) -> Pair:
    """Return the two sides to compare; all metrics share one such object per batch."""
    # the cached value keeps the real set alive, so that its id is not reused
    return samples.once(f"beside real clips {id(real)}", lambda: Pair(matrix(samples.features, CLIPS), real))


def _radii(holder: FeatureSet, x: Tensor, k: int) -> Tensor:
    """Return NN_k of each row of x, computed once per ``holder`` and number of rows."""
    from vidgen_bench.measure.metrics.distances import neighbour_distances

    kept = max(k, KEPT)
    made = holder.once(f"{kept} neighbours of {len(x)}", lambda: neighbour_distances(x, min(kept, len(x) - 1)))
    return made[:, k - 1]


def precision(pair: Pair, k: int) -> float:
    """Return the fraction of generated clips that lie in the neighbourhood of a real clip, 0 to 1."""
    return _mean((pair.distances <= pair.real_radii(k)).any(dim=1))


def recall(pair: Pair, k: int) -> float:
    """Return the fraction of real clips that lie in the neighbourhood of a generated clip, 0 to 1."""
    return _mean((pair.distances <= pair.sample_radii(k)[:, None]).any(dim=0))


def density(pair: Pair, k: int) -> float:
    """Return 1/k times the mean number of real neighbourhoods that contain a generated clip; 1 for equal distributions."""
    inside = pair.distances < pair.real_radii(k)
    return float(inside.sum()) / (k * inside.shape[0])


def coverage(pair: Pair, k: int) -> float:
    """Return the fraction of real clips with a generated clip in their neighbourhood, 0 to 1."""
    return _mean(pair.distances.amin(dim=0) < pair.real_radii(k))


def _mean(truths: Tensor) -> float:
    return float(truths.double().mean())


@dataclass(frozen=True)
class ThreeNeighbours:
    """The option of precision and recall."""

    neighbours: int = option(3, "k: a neighbourhood extends to the k-th nearest clip", at_least=1)


@dataclass(frozen=True)
class FiveNeighbours:
    """The option of density and coverage."""

    neighbours: int = option(5, "k: a neighbourhood extends to the k-th nearest clip", at_least=1)


@dataclass(frozen=True)
class NeighbourScore:
    """The declaration of precision, recall, density or coverage."""

    name: str
    title: str
    summary: str
    reference: str
    options: type
    rule: Callable[[Pair, int], float]
    api: str = "1.0"
    layer: str = "fc7"
    better: Literal["higher", "lower", "neither"] = "higher"
    view: View = "as-is"
    needs: frozenset[Need] = frozenset({"features"})

    def scorer(self, reference: Reference, options: ThreeNeighbours | FiveNeighbours) -> Callable[[FeatureSet], float]:
        """Return ``features [n, D] -> score``; the real neighbourhoods are computed once for all batches.

        Raises:
            RequestError: the reference has no clips.
        """
        real = real_clips(self.name, reference)

        def score(samples: FeatureSet) -> float:
            pair = pair_of(samples, real)
            at_least(options.neighbours + 1, self.name, f"k = {options.neighbours} others do", *pair.counts)
            return self.rule(pair, options.neighbours) if pair.finite else float("nan")

        return score


_IMPROVED = "Kynkäänniemi et al., Improved Precision and Recall Metric for Assessing Generative Models, NeurIPS 2019"
_RELIABLE = "Naeem et al., Reliable Fidelity and Diversity Metrics for Generative Models, ICML 2020"


@hookimpl
def vidgen_metrics() -> list[NeighbourScore]:
    """Return precision, recall, density and coverage."""
    among_real = (
        "Fraction of the generated clips that lie among real ones; outlying real clips can make it 1 for plain grey."
    )
    among_generated = "Fraction of the real clips that lie among generated ones; outlying generated clips raise it."
    around = "Number of real clips around each generated one, relative to real data (1)."
    nearby = "Fraction of the real clips with a generated one nearby."
    return [
        NeighbourScore("precision", "precision", among_real, _IMPROVED, ThreeNeighbours, precision),
        NeighbourScore("recall", "recall", among_generated, _IMPROVED, ThreeNeighbours, recall),
        NeighbourScore("density", "density", around, _RELIABLE, FiveNeighbours, density),
        NeighbourScore("coverage", "coverage", nearby, _RELIABLE, FiveNeighbours, coverage),
    ]
