"""The path of an ordinary differential equation, anchored to the training frames."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from vidgen_bench.api import Times
from vidgen_bench.errors import PluginError
from vidgen_bench.integrate import libraries
from vidgen_bench.integrate.field import SNAP, Field
from vidgen_bench.integrate.ode_steps import ODE_STEPS, ODEStep

Solver = Literal["rk4", "rk4-classic", "euler", "dopri5"]
ODEBackend = Literal["native", "torchdiffeq"]

ADAPTIVE = ("dopri5",)
"""The methods whose steps torchdiffeq chooses."""


def ode_path(
    field: Field,
    state: Tensor,
    times: Times,
    frames: int,
    *,
    solver: Solver = "rk4",
    backend: ODEBackend = "native",
    rtol: float = 1e-5,
    atol: float = 1e-6,
) -> Tensor:
    """Return the solution of dy/dt = field(t, y), y(0) = state, at the asked instants.

    Args:
        field: the right-hand side.
        state: [N, *state].
        times: clip units, any order, before 0 and after 1 included.
        frames: frames of a training clip, at least 2; the march is on k / (frames - 1).
        solver: one step a frame interval by ``rk4`` (the 3/8 rule), ``rk4-classic`` or ``euler``; or ``dopri5``
            (adaptive, on torchdiffeq alone; one step size for all of a batch, so that a row depends on the others
            within the tolerance).
        backend: who integrates; equal to rounding where both have the method. torchdiffeq has no classic rk4.
        rtol, atol: tolerances of an adaptive solver.
    Returns:
        [N, T, *state]; the frame at 0 is ``state`` itself.
    Raises:
        PluginError: the backend does not have the solver.
    """
    if solver in ADAPTIVE:
        if backend != "torchdiffeq":
            raise PluginError(f"the solver {solver!r} runs on torchdiffeq only, not on {backend!r}")
        return torch.stack(libraries.torchdiffeq_adaptive(field, state, times, solver, rtol, atol), dim=1)
    march = _march_of(solver, backend)
    spots = [_spot(t, frames) for t in times]
    first, last = min(0, *(k for k, _ in spots)), max(0, *(k for k, _ in spots))
    interval = 1 / (frames - 1)
    anchors = dict(zip(range(last + 1), march(field, state, [k * interval for k in range(last + 1)]), strict=True))
    backward = range(0, first - 1, -1)
    anchors.update(zip(backward, march(field, state, [k * interval for k in backward]), strict=True))
    path = [
        march(field, anchors[k], [k * interval, t])[-1] if aside else anchors[k]
        for t, (k, aside) in zip(times, spots, strict=True)
    ]
    return torch.stack(path, dim=1)


def _march_of(solver: str, backend: str) -> Callable[[Field, Tensor, Sequence[float]], list[Tensor]]:
    """Return ``(field, y(grid[0]), grid) -> y at every grid instant``."""
    if backend == "native":
        return partial(_march, ODE_STEPS[solver])
    if solver not in libraries.TORCHDIFFEQ_METHODS:
        raise PluginError(f"torchdiffeq does not have the solver {solver!r}; the native backend has")
    return partial(libraries.torchdiffeq_march, solver)


def _spot(t: float, frames: int) -> tuple[int, bool]:
    """Return the anchor of an instant, on its side towards 0, and whether a side step leads from there."""
    position = t * (frames - 1)
    nearest = round(position)
    return (nearest, False) if abs(position - nearest) <= SNAP else (math.trunc(position), True)


def _march(step: ODEStep, field: Field, state: Tensor, grid: Sequence[float]) -> list[Tensor]:
    path = [state]
    for t, after in pairwise(grid):
        path.append(step(field, t, after - t, path[-1]))
    return path
