"""The Inception Score of class probabilities, in float64, as three published implementations compute it.

TGAN's code and Gordon and Parde's add an epsilon of 1e-7 inside both logarithms; TGANv2's adds 1e-20 to the probabilities;
StyleGAN-V's ``isv2048_ucf`` averages over ten consecutive parts, without epsilon.
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
        epsilon: at least 0; at 0, 0 log 0 = 0 holds.
        added: where epsilon is added; p' is not renormalised.
        splits: number of parts; part i has the rows ``i n // splits`` to ``(i + 1) n // splits``.
    Returns:
        A number from 1 (all samples alike, or none recognised) to K; nan if a probability is not finite.
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
    from torch.special import xlogy  # 0 for p = 0, even if the logarithm is infinite

    divergence = (xlogy(p, p + epsilon) - xlogy(p, p.mean(dim=0) + epsilon)).sum(dim=1)
    return float(divergence.mean().exp())


@dataclass(frozen=True)
class InceptionScoreOptions:
    """The settings in which published implementations differ."""

    epsilon: float = option(1e-7, "keeps the logarithms finite", at_least=0.0)
    added: Literal["in-logarithms", "to-probabilities"] = option(
        "in-logarithms", "where epsilon is added: in-logarithms as TGAN, to-probabilities as TGANv2"
    )
    splits: int = option(1, "number of consecutive parts to average the score over", at_least=1)


@dataclass(frozen=True)
class InceptionScore:
    """The declaration of ``is``: high if the instrument classifies each sample confidently, and the classes vary."""

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

    def scorer(self, reference: Reference, options: InceptionScoreOptions) -> Callable[[FeatureSet], float]:
        """Return ``probabilities [n, K] -> score``; the reference is not used."""
        return lambda samples: inception_score(samples.features, options.epsilon, options.added, options.splits)


@hookimpl
def vidgen_metrics() -> list[InceptionScore]:
    """Return the Inception Score."""
    return [InceptionScore()]
