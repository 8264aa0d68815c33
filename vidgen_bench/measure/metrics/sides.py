"""The two sides of a metric, checked: the generated features, and what it needs to know of real clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from vidgen_bench.api import FeatureSet, Moments, Reference


def matrix(values: Tensor | np.ndarray, what: str, axes: str = "[samples, features]") -> Tensor:
    """Return values as a float64 tensor [n, D] on their own device, n and D at least 1.

    Raises:
        RequestError: another number of axes, or an empty one.
    """
    import torch

    x = torch.as_tensor(values)
    if x.ndim != 2 or not x.numel():
        raise RequestError(f"The {what} is of {axes}; found an array {list(x.shape)}.")
    return x.to(torch.float64)


def finite(*values: Tensor) -> bool:
    """Return whether every entry is a finite number; where one is not, a score is nan."""
    return all(bool(v.isfinite().all()) for v in values)


def real_moments(metric: str, reference: Reference) -> Moments:
    """Return the moments of real clips.

    Raises:
        RequestError: none were given.
    """
    if reference.moments is None:
        raise RequestError(f"The metric {metric!r} compares with the moments of real clips; none were given.")
    return reference.moments


def real_clips(metric: str, reference: Reference) -> FeatureSet:
    """Return the features of real clips.

    Raises:
        RequestError: none were given.
    """
    if reference.clips is None:
        raise RequestError(f"The metric {metric!r} compares with the features of real clips; none were given.")
    return reference.clips


def beside(features: Tensor, real: Tensor, what: str) -> Tensor:
    """Return the features [n, D] on the device of the real side, which has D features too (its last axis).

    Raises:
        RequestError: different numbers of features.
    """
    if features.shape[1] != real.shape[-1]:
        raise RequestError(
            f"The {what} compares equal features: the samples have {features.shape[1]}, the reference {real.shape[-1]}. "
            "Measure both with one instrument and layer."
        )
    return features.to(real.device)


def at_least(fewest: int, what: str, why: str, *counts: int) -> None:
    """Refuse a side of fewer samples than the metric is defined for.

    Raises:
        RequestError: one of the counts is below ``fewest``.
    """
    if min(counts) < fewest:
        raise RequestError(
            f"The {what} needs at least {fewest} samples on each side, because {why}; found {min(counts)}. "
            "Give more samples."
        )
