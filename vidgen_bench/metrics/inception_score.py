"""The Inception Score of class probabilities, in float64, with epsilon inside both logarithms.

Agrees with TGAN's evaluation and with the neural-differential-equation study's (one split, epsilon 1e-7). Others differ: TGANv2 adds
1e-20 to p itself, and StyleGAN-V's ``isv2048_ucf`` averages ten splits without epsilon.
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


def inception_score(probabilities: np.ndarray, epsilon: float = 1e-7) -> float:
    """Return the Inception Score of one batch of samples.

    IS = exp(mean_n sum_c p_nc (log(p_nc + epsilon) - log(mean_n p_nc + epsilon)))

    Args:
        probabilities: [n, K] class probabilities of n samples, rows sum to 1.
        epsilon: added inside both logarithms.
    Returns:
        A number from 1 (every sample alike, or none recognised) to K; nan where a probability is not finite.
    Raises:
        RequestError: not a matrix, or without rows.
    Reference:
        Salimans et al. 2016, "Improved Techniques for Training GANs", section 4; epsilon as in Saito et al. 2017 (TGAN).
    """
    import numpy as np

    p = np.asarray(probabilities, dtype=np.float64)
    if p.ndim != 2 or not p.shape[0] or not p.shape[1]:
        raise RequestError(
            f"The Inception Score is of class probabilities [samples, classes]; found an array {list(p.shape)}."
        )
    divergence = (p * (np.log(p + epsilon) - np.log(p.mean(axis=0) + epsilon))).sum(axis=1)
    return float(np.exp(divergence.mean()))


@dataclass(frozen=True)
class InceptionScore:
    """The declaration of ``is``: how sure the instrument is of each sample, and how varied the samples are."""

    name: str = "is"
    title: str = "IS"
    summary: str = "Inception Score: each sample recognisable, all classes present."
    api: str = "1.0"
    reference: str = "Salimans et al., Improved Techniques for Training GANs, NIPS 2016"
    layer: str = "prob"
    better: Literal["higher", "lower"] = "higher"
    needs_reference: bool = False

    def scorer(self, reference: Moments | None) -> Callable[[np.ndarray], float]:
        """Return ``probabilities [n, K] -> score``; real clips are not compared with."""
        return inception_score


@hookimpl
def vidgen_metrics() -> list[InceptionScore]:
    """Return the Inception Score."""
    return [InceptionScore()]
