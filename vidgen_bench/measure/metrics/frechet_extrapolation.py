"""FID without the bias of a finite number of samples: its values at several n, extrapolated to infinite n.

The samples' Gaussian fit is noisy, which adds a bias of about K / n to the distance, where K depends on the model. A straight line in
1 / n, fitted to the distances of subsets, therefore has a value at 1 / n = 0 near the distance of infinitely many samples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vidgen_bench.api import Curve, FeatureSet, Need, Reference, View, hookimpl, option
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.metrics.frechet_distance import gaussian_of_real, rank_deficient, samples_beside
from vidgen_bench.measure.metrics.sides import matrix

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class FrechetExtrapolationOptions:
    """The numbers of samples at which the distance is computed: equally spaced, up to all samples."""

    points: int = option(8, "how many numbers of samples to compute the distance at", at_least=2)
    smallest: float = option(0.25, "the smallest number of samples, as a fraction of all", at_least=0.01, at_most=0.9)


def line_at_zero(x: Sequence[float], y: Sequence[float]) -> float:
    """Return the value at x = 0 of the least-squares line through points (x, y); at least two of them must differ in x."""
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum((a - mean_x) ** 2 for a in x)
    return mean_y - slope * mean_x


def sizes(samples: int, options: FrechetExtrapolationOptions) -> list[int]:
    """Return the numbers of samples, ascending; the last is all samples.

    Raises:
        RequestError: too few samples for two points.
    """
    first = max(2.0, options.smallest * samples)
    step = (samples - first) / (options.points - 1)
    chosen = sorted({min(samples, round(first + i * step)) for i in range(options.points)})
    if len(chosen) < 2:
        raise RequestError(f"The extrapolation of FID needs at least 3 samples; found {samples}. Give more samples.")
    return chosen


def drawn_order(features: Tensor) -> Tensor:
    """Return a random order [n] of the samples that does not depend on the order of their rows.

    The samples are sorted along a fixed direction, then shuffled with a fixed seed. Ties do not matter, because equal samples are
    interchangeable.
    """
    import torch

    generator = torch.Generator().manual_seed(0)
    direction = torch.randn(features.shape[1], generator=generator, dtype=torch.float64).to(features.device)
    places = torch.randperm(len(features), generator=generator).to(features.device)
    return ((features - features.mean(dim=0)) @ direction).argsort(stable=True)[places]


@dataclass(frozen=True)
class FrechetExtrapolation:
    """The declaration of ``fid-infinity``: an estimate of FID at infinitely many samples."""

    name: str = "fid-infinity"
    title: str = "FID∞"
    summary: str = "FID at several numbers of samples, extrapolated to infinitely many."
    api: str = "1.0"
    reference: str = "Chong and Forsyth, Effectively Unbiased FID and Inception Score and Where to Find Them, CVPR 2020"
    options: type = FrechetExtrapolationOptions
    layer: str = "fc7"
    better: Literal["higher", "lower", "neither"] = "lower"
    view: View = "as-is"
    needs: frozenset[Need] = frozenset({"moments"})

    caveat = staticmethod(rank_deficient)  # with fewer samples than features the bias is not linear in 1 / n

    def scorer(self, reference: Reference, options: FrechetExtrapolationOptions) -> Callable[[FeatureSet], Curve]:
        """Return ``features [n, D] -> distance`` at infinity and at each n; all distances share one large matrix product.

        Raises:
            RequestError: the reference has no moments.
        """
        gaussian = gaussian_of_real(self.name, reference)

        def score(samples: FeatureSet) -> Curve:
            pair = samples_beside(samples, gaussian)
            x = matrix(samples.features, "extrapolation of FID")
            every = sizes(len(x), options)
            order = drawn_order(x).to(gaussian.mean.device)
            values = [pair.distance(order[:n]) for n in every[:-1]] + [pair.whole]
            at = {f"n={n}": value for n, value in zip(every, values, strict=True)}
            return Curve(line_at_zero([1.0 / n for n in every], values), at)

        return score


@hookimpl
def vidgen_metrics() -> list[FrechetExtrapolation]:
    """Return the extrapolated Fréchet distance."""
    return [FrechetExtrapolation()]
