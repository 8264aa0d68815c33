"""The temporal generators by the libraries of the paper's code, with gradients by the adjoint method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torchdiffeq import odeint, odeint_adjoint
from torchsde import sdeint, sdeint_adjoint
from vidgen_temporal.ode.network import ODEGenerator
from vidgen_temporal.sde.network import SDEGenerator

from vidgen_bench.noise import Noise

Path = Callable[[Tensor, Noise], Tensor]
"""z_0 [N, source] and noise -> [N, T, *shape]."""


def plain_path(temporal: nn.Module, frames: int, adjoint: bool = True) -> Path:
    """Return the function that computes the path of a temporal generator at its training frames.

    Generators that are not differential equations are called as they are.

    Args:
        temporal: the module, whose weights are used.
        frames: T.
        adjoint: whether gradients come from the adjoint equation, as in the paper, or through the solver.
    """
    if isinstance(temporal, ODEGenerator):
        return _ODE(temporal, frames, odeint_adjoint if adjoint else odeint)
    if isinstance(temporal, SDEGenerator):
        return _SDE(temporal, frames, adjoint)
    times = tuple(k / (frames - 1) for k in range(frames))
    return lambda z, noise: temporal(z, times, noise)


class _Field(nn.Module):
    """The right-hand side of an ODE, in the form of torchdiffeq."""

    def __init__(self, owner: ODEGenerator) -> None:
        super().__init__()
        self.f = owner.f
        self._field = owner.field

    def forward(self, t: Tensor, state: Tensor) -> Tensor:
        return self._field(0.0, state)  # autonomous


class _ODE:
    def __init__(self, owner: ODEGenerator, frames: int, solve: Any) -> None:
        self._owner, self._frames, self._solve, self._field = owner, frames, solve, _Field(owner)

    def __call__(self, z: Tensor, noise: Noise) -> Tensor:
        h = self._owner.embedding(z)
        components = [affine(h) for affine in self._owner.initial]
        state = components[0] if len(components) == 1 else torch.stack(components, dim=1)
        times = torch.linspace(0.0, 1.0, self._frames, dtype=torch.float64, device=z.device)
        path = self._solve(self._field, state, times, method="rk4").transpose(0, 1)
        return path if len(components) == 1 else path[:, :, -1]


class _Equation(nn.Module):
    """Drift and diffusion in the form of torchsde."""

    sde_type, noise_type = "ito", "diagonal"

    def __init__(self, owner: SDEGenerator) -> None:
        super().__init__()
        self.mu, self.sigma = owner.mu, owner.sigma

    def f(self, t: Tensor, y: Tensor) -> Tensor:
        return self.mu(y)

    def g(self, t: Tensor, y: Tensor) -> Tensor:
        return self.sigma(y)


class _SDE:
    def __init__(self, owner: SDEGenerator, frames: int, adjoint: bool) -> None:
        self._owner, self._frames, self._adjoint = owner, frames, adjoint
        self._equation = _Equation(owner)

    def __call__(self, z: Tensor, noise: Noise) -> Tensor:
        state, dt = self._owner.initial(self._owner.embedding(z)), self._owner.options.dt
        brownian = _Brownian(noise.normal("brownian", round(1.0 / dt), *state.shape[1:]) * dt**0.5, dt)
        times = torch.linspace(0.0, 1.0, self._frames, dtype=torch.float64, device=z.device)
        options: dict[str, Any] = {"bm": brownian, "method": "euler", "dt": dt}
        if self._adjoint:
            path = sdeint_adjoint(self._equation, state, times, adjoint_method="euler", **options)
        else:
            path = sdeint(self._equation, state, times, **options)
        return torch.as_tensor(path).transpose(0, 1)


class _Brownian:
    """A Brownian motion through given increments [N, K, D] on the grid k dt, linear in between.

    torchsde's own, a tree of cached intervals, would cost the plain version more, but would draw other numbers than ours.
    """

    levy_area_approximation = "none"

    def __init__(self, increments: Tensor, dt: float) -> None:
        walk = torch.cat([torch.zeros_like(increments[:, :1]), increments], dim=1)
        self._walk = walk.cumsum(dim=1, dtype=torch.float64)
        self._dt, self.dtype, self.device = dt, increments.dtype, increments.device

    @property
    def shape(self) -> torch.Size:
        return self._walk[:, 0].shape

    def __call__(self, start: Any, end: Any, return_U: bool = False, return_A: bool = False) -> Tensor:
        return (self._at(float(end)) - self._at(float(start))).to(self.dtype)

    def _at(self, t: float) -> Tensor:
        place = min(max(t / self._dt, 0.0), self._walk.shape[1] - 1.0)
        k = min(int(place + 1e-6), self._walk.shape[1] - 2)
        return torch.lerp(self._walk[:, k], self._walk[:, k + 1], max(0.0, place - k))
