"""Argument validation for metrics: the generated features, and the reference statistics of real clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from vidgen_bench.api import FeatureSet, Reference


def matrix(values: Tensor | np.ndarray, what: str, axes: str = "[samples, features]") -> Tensor:
    """Return values as a float64 tensor [n, D] on their current device, n and D at least 1.

    Raises:
        RequestError: not two axes, or an empty axis.
    """
    import torch

    x = torch.as_tensor(values)
    if x.ndim != 2 or not x.numel():
        raise RequestError(f"The {what} needs {axes}; found an array {list(x.shape)}.")
    return x.to(torch.float64)


def finite(*values: Tensor) -> bool:
    """Return whether every entry is finite; metrics return nan otherwise."""
    return all(bool(v.isfinite().all()) for v in values)


def real_clips(metric: str, reference: Reference) -> FeatureSet:
    """Return the features of real clips.

    Raises:
        RequestError: the reference has none.
    """
    if reference.clips is None:
        raise RequestError(f"The metric {metric!r} needs the features of real clips; the reference has none.")
    return reference.clips


def beside(features: Tensor, real: Tensor, what: str) -> Tensor:
    """Return the features [n, D] on the device of the real side, which must also have D features (its last axis).

    Raises:
        RequestError: different numbers of features.
    """
    if features.shape[1] != real.shape[-1]:
        raise RequestError(
            f"The {what} needs equal numbers of features: the samples have {features.shape[1]}, the reference {real.shape[-1]}. "
            "Extract both with the same instrument and layer."
        )
    return features.to(real.device)


def at_least(fewest: int, what: str, why: str, *counts: int) -> None:
    """Check that each side has enough samples for the metric.

    Raises:
        RequestError: one of the counts is below ``fewest``.
    """
    if min(counts) < fewest:
        raise RequestError(
            f"The {what} needs at least {fewest} samples on each side, because {why}; found {min(counts)}. "
            "Give more samples."
        )
