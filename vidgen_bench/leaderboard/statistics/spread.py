"""The spread of scores: between seeds, and between the final batches of one run."""

from __future__ import annotations

import math
from collections.abc import Sequence


def mean(values: Sequence[float]) -> float:
    """Return the mean of one or more values."""
    return math.fsum(values) / len(values)


def variance(values: Sequence[float]) -> float:
    """Return the sample variance (divisor n - 1) of two or more values."""
    centre = mean(values)
    return math.fsum((v - centre) ** 2 for v in values) / (len(values) - 1)


def sd(values: Sequence[float]) -> float:
    """Return the sample standard deviation (divisor n - 1) of two or more values."""
    return math.sqrt(variance(values))


def between_batches(seeds: Sequence[Sequence[float]]) -> float | None:
    """Return the standard deviation between the batches of one seed, pooled over seeds; None if each has one batch.

    sqrt(sum_i (n_i - 1) s_i^2 / sum_i (n_i - 1)).
    """
    degrees = sum(len(batches) - 1 for batches in seeds)
    if degrees == 0:
        return None
    squares = math.fsum((len(batches) - 1) * variance(batches) for batches in seeds if len(batches) > 1)
    return math.sqrt(squares / degrees)


def between_seeds(seeds: Sequence[Sequence[float]]) -> float | None:
    """Return the standard deviation between seeds without the noise of their batches; None for one seed.

    sqrt(max(0, var(means) - s_batch^2 / batches)); without several batches per seed nothing is subtracted.
    """
    if len(seeds) < 2:
        return None
    noise = (between_batches(seeds) or 0.0) ** 2 * mean([1.0 / len(batches) for batches in seeds])
    return math.sqrt(max(0.0, variance([mean(batches) for batches in seeds]) - noise))


def root_mean_variance(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Return the root of the mean of two sample variances, and its degrees of freedom after Satterthwaite.

    sqrt((s_1^2 + s_2^2) / 2), df = (s_1^2 + s_2^2)^2 / (s_1^4 / (n_1 - 1) + s_2^4 / (n_2 - 1)); at least one row has some spread.
    """
    v1, v2 = variance(first), variance(second)
    share = v1 / (v1 + v2)
    df = 1.0 / (share**2 / (len(first) - 1) + (1.0 - share) ** 2 / (len(second) - 1))
    return math.sqrt(0.5 * (v1 + v2)), df
