"""Double precision where a network can be run in it: a kink shows long before rounding does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn

from vidgen_bench.conformance.draws import DoubleNoise, drawn_by
from vidgen_bench.conformance.play import row_noise
from vidgen_bench.noise import Noise

ROUNDING = {torch.float64: 1e-9, torch.float32: 3e-5}
"""A difference this small, against the state, is rounding."""


def precisely(ask: Callable[[torch.dtype], None]) -> None:
    """Ask in float64, torch's default included, so that a network may make tensors of its own; in float32 where it cannot.

    Args:
        ask: is given the precision to build and run in.
    """
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        ask(torch.float64)
    except RuntimeError:  # of two dtypes, as a rule; what is wrong in float32 too is raised there
        torch.set_default_dtype(usual)
        ask(torch.float32)
    finally:
        torch.set_default_dtype(usual)


def cast(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Return the module with its floating-point state in this precision; what is complex or whole stays."""
    return module.double() if dtype == torch.float64 else module.float()


def noise_in(dtype: torch.dtype, rows: Sequence[int]) -> Noise:
    """Return the noise of the samples with these indices, in this precision."""
    return drawn_by(DoubleNoise, row_noise(rows)) if dtype == torch.float64 else row_noise(rows)
