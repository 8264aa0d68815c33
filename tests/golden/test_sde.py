"""The latent SDE against the reference's trajectories: golden 07, on its float32 grid of 41 steps."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from vidgen_backbones.tgan import TGAN, TGANOptions
from vidgen_temporal.sde import LatentSDE, SDEOptions
from vidgen_temporal.sde.network import SDEGenerator

from tests.kit import golden
from vidgen_bench.api import Clip
from vidgen_bench.integrate.sde import interpolate, sde_march
from vidgen_bench.integrate.sde_steps import euler_maruyama_step

CLIP = Clip(frames=16, size=64, classes=101)


def filled(case: dict) -> SDEGenerator:
    module = LatentSDE().build(TGAN().latent(CLIP, TGANOptions()), SDEOptions())
    assert isinstance(module, SDEGenerator)
    assert sum(p.numel() for p in module.parameters()) == case["param_count"]
    groups = ("mu.", "sigma.", "embedding.")
    order = sorted(module.state_dict(), key=lambda n: next(i for i, g in enumerate(groups) if n.startswith(g)))
    golden.fill(module, case["state"], order)
    return module


def increments(steps: int) -> Tensor:
    """dW_n[j] = sqrt(0.025) float32(sin(0.29 j + 0.2 + 1.7 n)), [2, steps, 100]."""
    j, n = np.arange(200), np.arange(steps)
    sines = np.sin(0.29 * j[None] + 0.2 + 1.7 * n[:, None]).astype(np.float32)
    return (
        torch.from_numpy((math.sqrt(0.025) * sines.astype(np.float64)).astype(np.float32))
        .view(steps, 2, 100)
        .transpose(0, 1)
    )


def reference_path(module: SDEGenerator, state: Tensor, grid: list[float]) -> Tensor:
    def mu(t: float, z: Tensor) -> Tensor:
        return module.mu(z)

    def sigma(t: float, z: Tensor) -> Tensor:
        return module.sigma(z)

    return sde_march(euler_maruyama_step, mu, sigma, state, grid, increments(len(grid) - 1))


@pytest.mark.parametrize("diffusion", [False, True])
def test_07_trajectory(shared: Path, diffusion: bool) -> None:
    case = golden.load(shared, "07")
    module = filled(case)
    if not diffusion:
        for parameter in module.sigma.parameters():
            torch.nn.init.zeros_(parameter)
    grid = case["step_times_float32"]
    assert len(grid) == case["n_steps"] + 1
    state = module.initial(module.embedding(golden.latent(2, 100)))
    path = reference_path(module, state, grid)
    key = "output_B_closed_form_increments" if diffusion else "output_A_zero_diffusion"
    golden.assert_fingerprint(interpolate(grid, path, CLIP.grid), case[key])


class Given:
    """Standard normals whose scaled increments are the golden ones."""

    def normal(self, name: str, *shape: int) -> Tensor:
        assert name == "brownian"
        return increments(shape[0]) / math.sqrt(0.025)


def test_07_on_our_own_grid_all_but_the_last_frame_agree(shared: Path) -> None:
    """Exact k dt has 40 steps; the reference's clipped 41st reaches only the frame at 1."""
    case = golden.load(shared, "07")
    module = filled(case)
    grid = case["step_times_float32"]
    state = module.initial(module.embedding(golden.latent(2, 100)))
    path = reference_path(module, state, grid)
    reference = interpolate(grid, path, CLIP.grid)
    ours = module(golden.latent(2, 100), CLIP.grid, Given())  # type: ignore[arg-type]
    torch.testing.assert_close(ours[:, :15], reference[:, :15], atol=2e-5, rtol=0)
    torch.testing.assert_close(ours[:, 15], path[:, 40], atol=2e-5, rtol=0)
