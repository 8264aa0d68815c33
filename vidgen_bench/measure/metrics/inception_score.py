"""The Inception Score of class probabilities, in float64, by the rules of three papers.

TGAN's evaluation and the neural-differential-equation study's add epsilon 1e-7 inside both logarithms; TGANv2's adds 1e-20 to
the probabilities; StyleGAN-V's ``isv2048_ucf`` is the mean of ten consecutive parts, without epsilon.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from vidgen_bench.api import FeatureSet, Need, Reference, View, hookimpl, option
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.metrics.sides import finite, matrix

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

Added = Literal["in-logarithms", "to-probabilities"]


def inception_score(
    probabilities: Tensor | np.ndarray, epsilon: float = 1e-7, added: Added = "in-logarithms", splits: int = 1
) -> float:
    """Return the Inception Score of one batch of samples: the mean of IS over ``splits`` consecutive parts of it.

    in-logarithms:     IS = exp(mean_n sum_c p_nc (log(p_nc + epsilon) - log(mean_n p_nc + epsilon)))
    to-probabilities:  IS = exp(mean_n sum_c p'_nc (log p'_nc - log mean_n p'_nc)),  p' = p + epsilon

    Args:
        probabilities: [n, K] class probabilities of n samples, rows sum to 1.
        epsilon: at least 0; with 0, 0 log 0 = 0.
        added: where epsilon is added; p' is not normalised again.
        splits: parts, rows ``i n // splits`` to ``(i + 1) n // splits``.
    Returns:
        A number from 1 (every sample alike, or none recognised) to K; nan where a probability is not finite.
    Raises:
        RequestError: not a matrix, empty, or fewer samples than splits.
    Reference:
        Salimans et al. 2016, "Improved Techniques for Training GANs", section 4.
    """
    p = matrix(probabilities, "Inception Score", "class probabilities [samples, classes]")
    if len(p) < splits:
        raise RequestError(
            f"The Inception Score over {splits} splits needs at least {splits} samples; found {len(p)}. "
            "Give more samples, or set fewer splits."
        )
    if not finite(p):
        return float("nan")
    edges = [i * len(p) // splits for i in range(splits + 1)]
    inside, outside = (0.0, epsilon) if added == "to-probabilities" else (epsilon, 0.0)
    return sum(_one_part(p[a:b] + outside, inside) for a, b in pairwise(edges)) / splits


def _one_part(p: Tensor, epsilon: float) -> float:
    """Return exp(mean_n KL) of p [n, K]."""
    from torch.special import xlogy  # 0 where p is 0, whatever the logarithm

    divergence = (xlogy(p, p + epsilon) - xlogy(p, p.mean(dim=0) + epsilon)).sum(dim=1)
    return float(divergence.mean().exp())


@dataclass(frozen=True)
class InceptionScoreOptions:
    """The details in which published Inception Scores differ."""

    epsilon: float = option(1e-7, "keeps the logarithms finite", at_least=0.0)
    added: Literal["in-logarithms", "to-probabilities"] = option(
        "in-logarithms", "where epsilon goes: as TGAN, or as TGANv2"
    )
    splits: int = option(1, "consecutive parts whose scores are averaged", at_least=1)


@dataclass(frozen=True)
class InceptionScore:
    """The declaration of ``is``: how sure the instrument is of each sample, and how varied the samples are."""

    name: str = "is"
    title: str = "IS"
    summary: str = "Inception Score: each sample recognisable, all classes present."
    api: str = "1.0"
    reference: str = "Salimans et al., Improved Techniques for Training GANs, NIPS 2016"
    options: type = InceptionScoreOptions
    layer: str = "prob"
    better: Literal["higher", "lower", "neither"] = "higher"
    view: View = "as-is"
    needs: frozenset[Need] = frozenset()

    def caveat(self, samples: int, features: int) -> str:
        """Return "": nothing about these sizes need be known."""
        return ""

    def scorer(self, reference: Reference, options: InceptionScoreOptions) -> Callable[[FeatureSet], float]:
        """Return ``probabilities [n, K] -> score``; real clips are not compared with."""
        return lambda samples: inception_score(samples.features, options.epsilon, options.added, options.splits)


@hookimpl
def vidgen_metrics() -> list[InceptionScore]:
    """Return the Inception Score."""
    return [InceptionScore()]
