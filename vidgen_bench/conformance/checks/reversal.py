"""Time before the first frame, for temporal generators that declare it."""

from __future__ import annotations

import torch

from vidgen_bench.conformance.checks.returning import check_return
from vidgen_bench.conformance.checks.smoothness import check_smoothness
from vidgen_bench.conformance.precision import in_highest_precision
from vidgen_bench.conformance.subject import Subject


def goes_back(subject: Subject) -> bool:
    """Return whether the temporal generator declares ``before`` and is not stochastic (a stochastic path has kinks)."""
    temporal = subject.composition.temporal
    return temporal is not None and "before" in temporal.can and not temporal.stochastic


def check_reversal(subject: Subject) -> None:
    """Check that the path is smooth through 0, and that a flow returns to its start."""

    def check(dtype: torch.dtype) -> None:
        check_smoothness(subject, dtype)
        check_return(subject, dtype)

    in_highest_precision(check)
