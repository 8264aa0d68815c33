"""Equations are integrated in float32 under autocast: bfloat16 is coarser than a solver's tolerance."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from vidgen_bench.integrate import ode_path, sde_path
from vidgen_bench.noise import sampling_noise

TIMES = (0.0, 0.3, 1.0)


def of(equation: str, state: Tensor) -> Tensor:
    torch.manual_seed(0)
    linear = nn.Linear(5, 5)
    if equation == "sde":
        noise = sampling_noise(0, "sample", torch.arange(4))
        return sde_path(
            lambda t, y: linear(y), lambda t, y: torch.sigmoid(linear(y)), state, TIMES, dt=0.1, noise=noise
        )
    backend = "torchdiffeq" if equation == "dopri5" else "native"
    return ode_path(lambda t, y: linear(y), state, TIMES, 4, solver=equation, backend=backend)


@pytest.mark.parametrize("equation", ["rk4", "dopri5", "sde"])
def test_paths_are_those_without_autocast(equation: str) -> None:
    state = torch.randn(4, 5, generator=torch.Generator().manual_seed(1)).bfloat16()
    expected = of(equation, state.float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = of(equation, state)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


def test_other_precisions_stay_as_they_are() -> None:
    assert of("rk4", torch.randn(4, 5)).dtype == torch.float32
    assert ode_path(lambda t, y: -y, torch.ones(1, 1).double(), TIMES, 4).dtype == torch.float64
