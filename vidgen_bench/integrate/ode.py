"""The path of an ordinary differential equation, stepped along the training frames."""

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
from vidgen_bench.integrate.precision import whole

Solver = Literal["rk4", "rk4-classic", "euler", "dopri5"]
ODEBackend = Literal["native", "torchdiffeq"]

ADAPTIVE = ("dopri5",)
"""The methods with adaptive steps, which only torchdiffeq has."""


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
    """Return the solution of dy/dt = field(t, y), y(0) = state, at the requested times.

    Args:
        field: the right-hand side.
        state: y(0) [N, *state].
        times: clip units, in any order; before 0 and after 1 are allowed.
        frames: frames of a training clip, at least 2; the steps lie on k / (frames - 1).
        solver: ``rk4`` (the 3/8 rule), ``rk4-classic`` or ``euler`` with one step per frame interval; or ``dopri5``
            (adaptive, torchdiffeq only; the batch shares one step size, so a row depends on the others within the
            tolerance).
        backend: the implementation; both agree up to rounding. torchdiffeq has no classic rk4.
        rtol, atol: tolerances of an adaptive solver.
    Returns:
        [N, T, *state]; the frame at 0 is ``state`` itself.
    Raises:
        PluginError: the backend does not have the solver.
    """
    state, exact = whole(state)
    with exact:
        return _path(field, state, times, frames, solver=solver, backend=backend, rtol=rtol, atol=atol)


def _path(
    field: Field,
    state: Tensor,
    times: Times,
    frames: int,
    *,
    solver: Solver,
    backend: ODEBackend,
    rtol: float,
    atol: float,
) -> Tensor:
    """Return :func:`ode_path` in the precision of the state."""
    if solver in ADAPTIVE:
        if backend != "torchdiffeq":
            raise PluginError(f"the solver {solver!r} runs on torchdiffeq only; the backend is {backend!r}")
        return torch.stack(libraries.torchdiffeq_adaptive(field, state, times, solver, rtol, atol), dim=1)
    march = _march_of(solver, backend)
    anchored = [_anchor(t, frames) for t in times]
    first, last = min(0, *(k for k, _ in anchored)), max(0, *(k for k, _ in anchored))
    interval = 1 / (frames - 1)
    anchors = dict(zip(range(last + 1), march(field, state, [k * interval for k in range(last + 1)]), strict=True))
    backward = range(0, first - 1, -1)
    anchors.update(zip(backward, march(field, state, [k * interval for k in backward]), strict=True))
    path = [
        march(field, anchors[k], [k * interval, t])[-1] if between else anchors[k]
        for t, (k, between) in zip(times, anchored, strict=True)
    ]
    return torch.stack(path, dim=1)


def _march_of(solver: str, backend: str) -> Callable[[Field, Tensor, Sequence[float]], list[Tensor]]:
    """Return the function ``(field, y(grid[0]), grid) -> [y(t) for t in grid]`` of a solver."""
    if backend == "native":
        return partial(_march, ODE_STEPS[solver])
    if solver not in libraries.TORCHDIFFEQ_METHODS:
        raise PluginError(f"torchdiffeq does not have the solver {solver!r}; use the native backend")
    return partial(libraries.torchdiffeq_march, solver)


def _anchor(t: float, frames: int) -> tuple[int, bool]:
    """Return the frame at or next to a time, on the side of 0, and whether the time lies between frames."""
    position = t * (frames - 1)
    nearest = round(position)
    return (nearest, False) if abs(position - nearest) <= SNAP else (math.trunc(position), True)


def _march(step: ODEStep, field: Field, state: Tensor, grid: Sequence[float]) -> list[Tensor]:
    path = [state]
    for t, after in pairwise(grid):
        path.append(step(field, t, after - t, path[-1]))
    return path
