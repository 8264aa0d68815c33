"""The path of a stochastic differential equation with diagonal noise, on its own grid with linear interpolation."""

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
from vidgen_bench.integrate.precision import whole
from vidgen_bench.integrate.sde_steps import SDE_STEPS, SDEStep

SDESolver = Literal["euler", "milstein"]
Calculus = Literal["ito", "stratonovich"]
SDEBackend = Literal["native", "torchsde"]


class NormalNoise(Protocol):
    """A source of normal random numbers, such as :class:`vidgen_bench.noise.Noise` or ``GivenNoise``."""

    def normal(self, name: str, *shape: int) -> Tensor: ...


def sde_march(
    step: SDEStep, drift: Field, diffusion: Field, state: Tensor, grid: Sequence[float], increments: Tensor
) -> Tensor:
    """Return the path computed by one method's steps from given increments.

    Args:
        step: one of ``SDE_STEPS``.
        drift, diffusion: ``(t, y) -> [N, *state]``.
        state: y_0 [N, *state].
        grid: the K + 1 times t_0 .. t_K.
        increments: dW [N, K, *state], variance t_{n+1} - t_n.
    Returns:
        [N, K + 1, *state].
    """
    path = [state]
    for n, (t, after) in enumerate(pairwise(grid)):
        path.append(step(drift, diffusion, t, after - t, path[-1], increments[:, n]))
    return torch.stack(path, dim=1)


def interpolate(grid: Sequence[float], path: Tensor, times: Times) -> Tensor:
    """Return a path at the requested times, linear between grid times.

    Args:
        grid: K + 1 increasing times.
        path: [N, K + 1, *state].
        times: times within the grid.
    Returns:
        [N, T, *state].
    """
    rows = []
    for t in times:
        n = sum(start <= t for start in grid[1:-1])  # torch.compile cannot trace bisect
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
    """Return a path of dy = drift dt + diffusion dW with diagonal noise at the requested times.

    The steps lie on k dt; the path is linear between them.

    Args:
        drift, diffusion: ``(t, y) -> [N, *state]``.
        state: y(0) [N, *state].
        times: clip units, none before 0.
        dt: step in clip units.
        noise: source of the increments, ``normal(name, steps, *state) sqrt(dt)``; a longer path keeps the first ones.
        name: name under which the increments are drawn.
        solver: ``euler`` (Euler-Maruyama under Ito, Euler-Heun under Stratonovich) or ``milstein``.
        calculus: ``ito`` or ``stratonovich``.
        backend: the implementation; both use the same increments and agree up to rounding. ``milstein`` is native only.
    Returns:
        [N, T, *state].
    Raises:
        PluginError: a time before 0, where a forward path is not defined; or Milstein on torchsde, which converges to
            another limit (:func:`vidgen_bench.integrate.sde_steps.milstein_stratonovich_step`).
    """
    if min(times) < 0:
        raise PluginError(f"a stochastic path starts at 0; it is not defined at the time {min(times)}")
    if backend == "torchsde" and solver != "euler":
        raise PluginError(
            f"the solver {solver!r} is native only: torchsde's version converges to another limit if sigma is a network"
        )
    steps = max(0, math.ceil(max(times) / dt - SNAP))
    grid = [k * dt for k in range(steps + 1)]
    if steps == 0:
        return torch.stack([state] * len(times), dim=1)
    increments = noise.normal(name, steps, *state.shape[1:]) * math.sqrt(dt)
    state, exact = whole(state)
    with exact:
        if backend == "torchsde":
            path = libraries.torchsde_path(drift, diffusion, state, grid, dt, increments, calculus)
        else:
            path = sde_march(SDE_STEPS[solver, calculus], drift, diffusion, state, grid, increments)
        return interpolate(grid, path, times)
