"""Time before the first frame, where a temporal generator declares it."""

from __future__ import annotations

import torch

from vidgen_bench.conformance.checks.returning import returns
from vidgen_bench.conformance.checks.smoothness import smooth
from vidgen_bench.conformance.precision import precisely
from vidgen_bench.conformance.subject import Subject


def goes_back(subject: Subject) -> bool:
    """Whether the temporal generator declares ``before`` and draws no noise of its own: a stochastic path has kinks."""
    temporal = subject.composition.temporal
    return temporal is not None and "before" in temporal.can and not temporal.stochastic


def reversal(subject: Subject) -> None:
    """Ask that the path goes smoothly through 0, and where it is a flow, that it returns."""

    def ask(dtype: torch.dtype) -> None:
        smooth(subject, dtype)
        returns(subject, dtype)

    precisely(ask)
