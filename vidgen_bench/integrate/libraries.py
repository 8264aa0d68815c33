"""The backends torchdiffeq and torchsde. Only this module imports them, on first use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from vidgen_bench.api import Times
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.integrate.field import Field

TORCHDIFFEQ_METHODS = ("rk4", "euler")
"""Fixed-step methods with the same name here and in torchdiffeq; its ``rk4`` is the 3/8 rule, and it has no classic one."""

TORCHSDE_METHODS = {"ito": "euler", "stratonovich": "euler_heun"}
"""torchsde's name for the Euler method of each calculus."""

MOST_CALLS = 10_000
"""Evaluations of the right-hand side by an adaptive solver per unit of time; without a bound a stiff equation goes on for ever."""


class StepError(VidgenBenchError, RuntimeError):
    """An adaptive solver found no step: the state is not finite, or the tolerances cannot be met.

    It is a RuntimeError like other numerical failures: the trainer treats it as divergence if the weights are not finite.
    """


def torchdiffeq_march(method: str, field: Field, state: Tensor, grid: Sequence[float]) -> list[Tensor]:
    """Return y [N, *state] at every time of the grid, with one step per interval."""
    if len(grid) < 2:
        return [state]
    return _odeint(field, state, grid, method=method)


def torchdiffeq_adaptive(
    field: Field, state: Tensor, times: Times, method: str, rtol: float, atol: float
) -> list[Tensor]:
    """Return y [N, *state] at the requested times, solved from 0 in both directions.

    Raises:
        StepError: torchdiffeq found no step, or needs more than ``MOST_CALLS`` evaluations.
    """
    found = {0.0: state}
    bounded = _Bounded(field, method, f"rtol={rtol:g} and atol={atol:g}", MOST_CALLS * max(1.0, *map(abs, times)))
    for side in (sorted({t for t in times if t > 0}), sorted({t for t in times if t < 0}, reverse=True)):
        if side:
            try:
                path = _odeint(bounded, state, [0.0, *side], method=method, rtol=rtol, atol=atol)
            except AssertionError as error:  # torchdiffeq's report of a step that underflows
                cause = str(error).partition(":")[0]  # the rest prints the whole state
                raise StepError(
                    f"{method} found no step ({cause}): the state or its derivative is not finite, or no step is small "
                    f"enough for rtol={rtol:g} and atol={atol:g}. Raise rtol and atol, or use the solver rk4."
                ) from error
            found.update(zip(side, path[1:], strict=True))
    return [found[t] for t in times]


@dataclass
class _Bounded:
    """A right-hand side that may be evaluated only so often."""

    field: Field
    method: str
    tolerances: str
    left: float

    def __call__(self, t: Any, y: Tensor) -> Tensor:
        self.left -= 1
        if self.left < 0:
            raise StepError(
                f"{self.method} needs more than {MOST_CALLS:,} evaluations per clip length for {self.tolerances}: the equation is stiff. "
                "Raise rtol and atol, or use the solver rk4."
            )
        return self.field(t, y)


def _odeint(field: Field, state: Tensor, grid: Sequence[float], **options: Any) -> list[Tensor]:
    from torchdiffeq import odeint

    # always float64: on a float32 grid the steps would differ in length
    times = torch.tensor(grid, dtype=torch.float64, device=state.device)
    return list(odeint(field, state, times, **options))


@dataclass(frozen=True)
class _KeyedBrownian:
    """A Brownian motion for torchsde, built from given increments [N, K, D] on the grid k dt."""

    increments: Tensor
    dt: float
    levy_area_approximation: str = "none"

    @property
    def shape(self) -> torch.Size:
        return self.increments[:, 0].shape

    def __call__(self, start: Tensor, end: Tensor) -> Tensor:
        # torchsde adds up dt; if rounding makes it end early, it takes one more tiny step, whose sum here is empty
        return self.increments[:, round(float(start) / self.dt) : round(float(end) / self.dt)].sum(dim=1)


@dataclass(frozen=True)
class _FlatSDE:
    """A drift and a diffusion in torchsde's form: states are rows [N, D]."""

    drift: Field
    diffusion: Field
    shape: torch.Size
    sde_type: str
    noise_type: str = "diagonal"

    def f(self, t: float, y: Tensor) -> Tensor:
        return self.drift(t, y.view(self.shape)).flatten(1)

    def g(self, t: float, y: Tensor) -> Tensor:
        return self.diffusion(t, y.view(self.shape)).flatten(1)


def torchsde_path(
    drift: Field, diffusion: Field, state: Tensor, grid: Sequence[float], dt: float, increments: Tensor, calculus: str
) -> Tensor:
    """Return the path computed by torchsde's Euler method for the calculus.

    Args:
        drift, diffusion: ``(t, y) -> [N, *state]``.
        state: y_0 [N, *state].
        grid: the K + 1 times k dt.
        dt: their spacing.
        increments: dW [N, K, *state].
        calculus: ``ito`` or ``stratonovich``.
    Returns:
        [N, K + 1, *state].
    """
    import torchsde

    sde = _FlatSDE(drift, diffusion, state.shape, calculus)
    brownian = _KeyedBrownian(increments.flatten(2), dt)
    times = torch.tensor(grid, dtype=torch.float64, device=state.device)
    method = TORCHSDE_METHODS[calculus]
    path = torchsde.sdeint(sde, state.flatten(1), times, bm=cast(Any, brownian), method=method, dt=dt)
    return torch.as_tensor(path).transpose(0, 1).reshape(state.shape[0], len(grid), *state.shape[1:])
