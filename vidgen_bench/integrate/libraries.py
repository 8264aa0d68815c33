"""The same paths by torchdiffeq and torchsde: the one module that imports them, and only where they are asked for."""

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
"""The fixed-step methods that torchdiffeq has under our names; its ``rk4`` is the 3/8 rule, and it has no classic one."""

TORCHSDE_METHODS = {"ito": "euler", "stratonovich": "euler_heun"}
"""What torchsde calls the Euler method of each calculus."""


class StepError(VidgenBenchError, RuntimeError):
    """An adaptive solver found no step: the state is not finite, or the tolerances are out of reach.

    A RuntimeError like any numerical failure, so that with weights that are not finite it counts as divergence.
    """


def torchdiffeq_march(method: str, field: Field, state: Tensor, grid: Sequence[float]) -> list[Tensor]:
    """Return y [N, *state] at every grid instant, one step between two of them."""
    if len(grid) < 2:
        return [state]
    return _odeint(field, state, grid, method=method)


def torchdiffeq_adaptive(
    field: Field, state: Tensor, times: Times, method: str, rtol: float, atol: float
) -> list[Tensor]:
    """Return y [N, *state] at the asked instants, solved from 0 towards either side.

    Raises:
        StepError: torchdiffeq gave up.
    """
    found = {0.0: state}
    for side in (sorted({t for t in times if t > 0}), sorted({t for t in times if t < 0}, reverse=True)):
        if side:
            try:
                path = _odeint(field, state, [0.0, *side], method=method, rtol=rtol, atol=atol)
            except AssertionError as error:  # how torchdiffeq says that a step underflows
                cause = str(error).partition(":")[0]  # what follows is the whole state
                raise StepError(
                    f"{method} found no step ({cause}): the state or its derivative is not finite, or no step is small "
                    f"enough for rtol={rtol:g} and atol={atol:g}. Raise rtol and atol, or take the solver rk4."
                ) from error
            found.update(zip(side, path[1:], strict=True))
    return [found[t] for t in times]


def _odeint(field: Field, state: Tensor, grid: Sequence[float], **how: Any) -> list[Tensor]:
    from torchdiffeq import odeint

    # float64 whatever the state's type: a float32 grid would give every step another length
    instants = torch.tensor(grid, dtype=torch.float64, device=state.device)
    return list(odeint(field, state, instants, **how))


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
    sde_type: str
    noise_type: str = "diagonal"

    def f(self, t: float, y: Tensor) -> Tensor:
        return self.drift(t, y.view(self.shape)).flatten(1)

    def g(self, t: float, y: Tensor) -> Tensor:
        return self.diffusion(t, y.view(self.shape)).flatten(1)


def torchsde_path(
    drift: Field,
    diffusion: Field,
    state: Tensor,
    grid: Sequence[float],
    dt: float,
    increments: Tensor,
    calculus: str,
) -> Tensor:
    """Return the path by torchsde's Euler method of the calculus.

    Args:
        drift, diffusion: ``(t, y) -> [N, *state]``.
        state: y_0 [N, *state].
        grid: the K + 1 instants k dt.
        dt: their spacing.
        increments: dW [N, K, *state].
        calculus: ``ito`` or ``stratonovich``.
    Returns:
        [N, K + 1, *state].
    """
    import torchsde

    sde = _FlatSDE(drift, diffusion, state.shape, calculus)
    brownian = _KeyedBrownian(increments.flatten(2), dt)
    instants = torch.tensor(grid, dtype=torch.float64, device=state.device)
    method = TORCHSDE_METHODS[calculus]
    path = torchsde.sdeint(sde, state.flatten(1), instants, bm=cast(Any, brownian), method=method, dt=dt)
    return torch.as_tensor(path).transpose(0, 1).reshape(state.shape[0], len(grid), *state.shape[1:])
