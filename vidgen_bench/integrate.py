"""Fixed-step integration of ordinary and stochastic differential equations, anchored to the training grid.

A path does not depend on which of its instants are asked for. An ODE marches on ``k / (frames - 1)`` whatever is asked;
an instant between two frames is one side step from the one on the side of 0. An SDE marches on its own grid ``k dt``,
with increments keyed by step, and is interpolated linearly. Times are Python floats, so that the number of steps is
known without asking the device.
This module alone imports torchdiffeq and torchsde, and only where they are asked for.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Literal, Protocol, cast

import torch
from torch import Tensor

from vidgen_bench.api import Times
from vidgen_bench.errors import PluginError

Field = Callable[[float, Tensor], Tensor]
"""``(t, y [N, *state]) -> dy/dt [N, *state]``; t in clip units (a 0-dim tensor when a library integrates)."""

Solver = Literal["rk4", "dopri5"]
ODEBackend = Literal["native", "torchdiffeq"]
SDEBackend = Literal["native", "torchsde"]

SNAP = 1e-6
"""An instant this near to a frame or a step, in units of their spacing, is that frame or step."""


class NormalNoise(Protocol):
    """What an SDE needs of its noise: :class:`vidgen_bench.noise.Noise` and ``GivenNoise`` have it."""

    def normal(self, name: str, *shape: int) -> Tensor: ...


# ------------------------------------------------------------------------------------------------------------------ ODE
def rk4_step(field: Field, t: float, dt: float, y: Tensor) -> Tensor:
    """Return y(t + dt) by one step of the 3/8 rule, the form of Runge-Kutta 4 that torchdiffeq calls ``rk4``.

    k1 = f(y); k2 = f(y + dt k1/3); k3 = f(y + dt (k2 - k1/3)); k4 = f(y + dt (k1 - k2 + k3));
    y(t + dt) = y + dt (k1 + 3 k2 + 3 k3 + k4) / 8.

    Args:
        t, dt: clip units; dt may be negative.
        y: [N, *state].
    Returns:
        [N, *state].
    Reference: Kutta 1901; Hairer, Norsett, Wanner, "Solving Ordinary Differential Equations I", table II.1.2.
    """
    k1 = field(t, y)
    k2 = field(t + dt / 3, torch.add(y, k1, alpha=dt / 3))
    k3 = field(t + dt * 2 / 3, torch.add(y, torch.add(k2, k1, alpha=-1 / 3), alpha=dt))
    k4 = field(t + dt, torch.add(y, k1 - k2 + k3, alpha=dt))
    return torch.add(y, torch.add(k1 + k4, k2 + k3, alpha=3), alpha=dt / 8)


STEPS: dict[str, Callable[[Field, float, float, Tensor], Tensor]] = {"rk4": rk4_step}
"""The fixed-step methods that run here."""

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
        solver: ``rk4`` (one step a frame interval), or ``dopri5`` (adaptive, on torchdiffeq alone; one step size
            for all of a batch, so that a row depends on the others within the tolerance).
        backend: who integrates; equal to rounding for ``rk4``.
        rtol, atol: tolerances of an adaptive solver.
    Returns:
        [N, T, *state]; the frame at 0 is ``state`` itself.
    Raises:
        PluginError: the backend does not have the solver.
    """
    if solver in ADAPTIVE:
        if backend != "torchdiffeq":
            raise PluginError(f"the solver {solver!r} runs on torchdiffeq only, not on {backend!r}")
        return torch.stack(_adaptive(field, state, times, solver, rtol, atol), dim=1)
    march = partial(_native_march, STEPS[solver]) if backend == "native" else partial(_torchdiffeq_march, solver)
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


def _spot(t: float, frames: int) -> tuple[int, bool]:
    """Return the anchor of an instant, on its side towards 0, and whether a side step leads from there."""
    position = t * (frames - 1)
    nearest = round(position)
    return (nearest, False) if abs(position - nearest) <= SNAP else (math.trunc(position), True)


def _native_march(
    step: Callable[[Field, float, float, Tensor], Tensor], field: Field, state: Tensor, grid: Sequence[float]
) -> list[Tensor]:
    path = [state]
    for t, after in pairwise(grid):
        path.append(step(field, t, after - t, path[-1]))
    return path


def _torchdiffeq_march(method: str, field: Field, state: Tensor, grid: Sequence[float]) -> list[Tensor]:
    if len(grid) < 2:
        return [state]
    return _odeint(field, state, grid, method=method)


def _odeint(field: Field, state: Tensor, grid: Sequence[float], **how: Any) -> list[Tensor]:
    from torchdiffeq import odeint

    # float64 whatever the state's type: a float32 grid would give every step another length
    instants = torch.tensor(grid, dtype=torch.float64, device=state.device)
    return list(odeint(field, state, instants, **how))


def _adaptive(field: Field, state: Tensor, times: Times, solver: str, rtol: float, atol: float) -> list[Tensor]:
    found = {0.0: state}
    for side in (sorted({t for t in times if t > 0}), sorted({t for t in times if t < 0}, reverse=True)):
        if side:
            path = _odeint(field, state, [0.0, *side], method=solver, rtol=rtol, atol=atol)
            found.update(zip(side, path[1:], strict=True))
    return [found[t] for t in times]


# ------------------------------------------------------------------------------------------------------------------ SDE
def euler_maruyama(drift: Field, diffusion: Field, state: Tensor, grid: Sequence[float], increments: Tensor) -> Tensor:
    """Return the Euler-Maruyama path of the Ito equation dy = drift dt + diffusion o dW with diagonal noise.

    y_{n+1} = y_n + drift(t_n, y_n) (t_{n+1} - t_n) + diffusion(t_n, y_n) dW_n, elementwise.

    Args:
        drift, diffusion: ``(t, y) -> [N, *state]``.
        state: y_0 [N, *state].
        grid: the K + 1 instants t_0 .. t_K.
        increments: dW [N, K, *state], variance t_{n+1} - t_n.
    Returns:
        [N, K + 1, *state].
    Reference: Maruyama 1955; Kloeden and Platen, "Numerical Solution of SDE", section 10.2.
    """
    path = [state]
    for n, (t, after) in enumerate(pairwise(grid)):
        y = path[-1]
        path.append(torch.add(y, drift(t, y), alpha=after - t) + diffusion(t, y) * increments[:, n])
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
        n = max(0, min(bisect.bisect_right(grid, t), len(grid) - 1) - 1)
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
    backend: SDEBackend = "native",
) -> Tensor:
    """Return an Ito path with diagonal noise at the asked instants: Euler-Maruyama on k dt, linear between the steps.

    Args:
        drift, diffusion: ``(t, y) -> [N, *state]``.
        state: y(0) [N, *state].
        times: clip units, none before 0.
        dt: step in clip units.
        noise: gives the increments, ``normal(name, steps, *state) sqrt(dt)``: more steps keep the first ones.
        name: what the increments are called.
        backend: who integrates; equal to rounding, on the same increments.
    Returns:
        [N, T, *state].
    Raises:
        PluginError: an instant before 0, where a forward path has nothing to say.
    """
    if min(times) < 0:
        raise PluginError(f"a stochastic path starts at 0 and cannot be asked for {min(times)}")
    steps = max(0, math.ceil(max(times) / dt - SNAP))
    grid = [k * dt for k in range(steps + 1)]
    if steps == 0:
        return torch.stack([state] * len(times), dim=1)
    increments = noise.normal(name, steps, *state.shape[1:]) * math.sqrt(dt)
    if backend == "torchsde":
        path = _torchsde_path(drift, diffusion, state, grid, dt, increments)
    else:
        path = euler_maruyama(drift, diffusion, state, grid, increments)
    return interpolate(grid, path, times)


@dataclass(frozen=True)
class _KeyedBrownian:
    """The Brownian motion that torchsde asks, made of given increments [N, K, D] on the grid k dt."""

    increments: Tensor
    dt: float
    levy_area_approximation: str = "none"

    @property
    def shape(self) -> torch.Size:
        return self.increments[:, 0].shape

    def __call__(self, start: Tensor, end: Tensor) -> Tensor:
        # torchsde adds up dt; where it ends a rounding error early it takes one more step of that length: an empty sum
        return self.increments[:, round(float(start) / self.dt) : round(float(end) / self.dt)].sum(dim=1)


@dataclass(frozen=True)
class _FlatSDE:
    """A drift and a diffusion as torchsde wants them: rows [N, D]."""

    drift: Field
    diffusion: Field
    shape: torch.Size
    noise_type: str = "diagonal"
    sde_type: str = "ito"

    def f(self, t: float, y: Tensor) -> Tensor:
        return self.drift(t, y.view(self.shape)).flatten(1)

    def g(self, t: float, y: Tensor) -> Tensor:
        return self.diffusion(t, y.view(self.shape)).flatten(1)


def _torchsde_path(
    drift: Field, diffusion: Field, state: Tensor, grid: Sequence[float], dt: float, increments: Tensor
) -> Tensor:
    import torchsde

    sde = _FlatSDE(drift, diffusion, state.shape)
    brownian = _KeyedBrownian(increments.flatten(2), dt)
    instants = torch.tensor(grid, dtype=torch.float64, device=state.device)
    path = torchsde.sdeint(sde, state.flatten(1), instants, bm=cast(Any, brownian), method="euler", dt=dt)
    return torch.as_tensor(path).transpose(0, 1).reshape(state.shape[0], len(grid), *state.shape[1:])
