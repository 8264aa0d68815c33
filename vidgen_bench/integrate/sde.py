"""The path of a stochastic differential equation with diagonal noise, on its own grid, linear in between."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, Protocol

import torch
from torch import Tensor

from vidgen_bench.api import Times
from vidgen_bench.errors import PluginError
from vidgen_bench.integrate import libraries
from vidgen_bench.integrate.field import SNAP, Field
from vidgen_bench.integrate.sde_steps import SDE_STEPS, SDEStep

SDESolver = Literal["euler", "milstein"]
Calculus = Literal["ito", "stratonovich"]
SDEBackend = Literal["native", "torchsde"]


class NormalNoise(Protocol):
    """What an SDE needs of its noise: :class:`vidgen_bench.noise.Noise` and ``GivenNoise`` have it."""

    def normal(self, name: str, *shape: int) -> Tensor: ...


def sde_march(
    step: SDEStep, drift: Field, diffusion: Field, state: Tensor, grid: Sequence[float], increments: Tensor
) -> Tensor:
    """Return the path that one method's steps make of given increments.

    Args:
        step: one of ``SDE_STEPS``.
        drift, diffusion: ``(t, y) -> [N, *state]``.
        state: y_0 [N, *state].
        grid: the K + 1 instants t_0 .. t_K.
        increments: dW [N, K, *state], variance t_{n+1} - t_n.
    Returns:
        [N, K + 1, *state].
    """
    path = [state]
    for n, (t, after) in enumerate(pairwise(grid)):
        path.append(step(drift, diffusion, t, after - t, path[-1], increments[:, n]))
    return torch.stack(path, dim=1)


def interpolate(grid: Sequence[float], path: Tensor, times: Times) -> Tensor:
    """Return a path at the asked instants, linear between the two grid instants that enclose each.

    Args:
        grid: K + 1 increasing instants.
        path: [N, K + 1, *state].
        times: instants within the grid.
    Returns:
        [N, T, *state].
    """
    rows = []
    for t in times:
        n = sum(start <= t for start in grid[1:-1])  # torch.compile does not see through bisect
        weight = (t - grid[n]) / (grid[n + 1] - grid[n]) if len(grid) > 1 else 0.0
        if abs(weight) <= SNAP:
            rows.append(path[:, n])
        elif abs(weight - 1) <= SNAP:
            rows.append(path[:, n + 1])
        else:
            rows.append(torch.add(path[:, n], path[:, n + 1] - path[:, n], alpha=weight))
    return torch.stack(rows, dim=1)


def sde_path(
    drift: Field,
    diffusion: Field,
    state: Tensor,
    times: Times,
    *,
    dt: float,
    noise: NormalNoise,
    name: str = "brownian",
    solver: SDESolver = "euler",
    calculus: Calculus = "ito",
    backend: SDEBackend = "native",
) -> Tensor:
    """Return a path of dy = drift dt + diffusion dW with diagonal noise at the asked instants.

    It marches on k dt and is linear between the steps.

    Args:
        drift, diffusion: ``(t, y) -> [N, *state]``.
        state: y(0) [N, *state].
        times: clip units, none before 0.
        dt: step in clip units.
        noise: gives the increments, ``normal(name, steps, *state) sqrt(dt)``: more steps keep the first ones.
        name: what the increments are called.
        solver: ``euler`` is Euler-Maruyama under Ito and Euler-Heun under Stratonovich; or ``milstein``.
        calculus: how the stochastic integral is read.
        backend: who integrates; equal to rounding, on the same increments. ``milstein`` is native alone.
    Returns:
        [N, T, *state].
    Raises:
        PluginError: an instant before 0, where a forward path has nothing to say; or Milstein on torchsde, which has
            another limit (:func:`vidgen_bench.integrate.sde_steps.milstein_stratonovich_step`).
    """
    if min(times) < 0:
        raise PluginError(f"a stochastic path starts at 0 and cannot be asked for {min(times)}")
    if backend == "torchsde" and solver != "euler":
        raise PluginError(
            f"the solver {solver!r} is native only: torchsde's has another limit where sigma is a network"
        )
    steps = max(0, math.ceil(max(times) / dt - SNAP))
    grid = [k * dt for k in range(steps + 1)]
    if steps == 0:
        return torch.stack([state] * len(times), dim=1)
    increments = noise.normal(name, steps, *state.shape[1:]) * math.sqrt(dt)
    if backend == "torchsde":
        path = libraries.torchsde_path(drift, diffusion, state, grid, dt, increments, calculus)
    else:
        path = sde_march(SDE_STEPS[solver, calculus], drift, diffusion, state, grid, increments)
    return interpolate(grid, path, times)
