"""Compare tensors, and abbreviate long lists of names in a message."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def largest_difference(a: Tensor, b: Tensor) -> float:
    """Return the largest absolute difference: NaN equals NaN, and tensors of different shapes are infinitely far apart."""
    if a.shape != b.shape:
        return float("inf")
    apart = (a.double() - b.double()).abs()
    apart = torch.where((a == b) | (a.isnan() & b.isnan()), torch.zeros_like(apart), apart)
    return float(apart.nan_to_num(nan=float("inf")).max()) if apart.numel() else 0.0


def bitwise_equal(a: Tensor, b: Tensor) -> bool:
    """Return whether two tensors have the same shape, type and values."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return torch.equal(a, b) or largest_difference(a, b) == 0.0  # the second only where NaN stands on both sides


def abbreviated(words: Sequence[str], most: int = 3) -> str:
    """Return the first few names, and the number of the others."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
