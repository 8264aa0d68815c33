"""One step of an ordinary differential equation: Euler's method and the two Runge-Kutta methods known as rk4."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from vidgen_bench.integrate.field import Field

ODEStep = Callable[[Field, float, float, Tensor], Tensor]
"""``(field, t, dt, y [N, *state]) -> y(t + dt)``; times in clip units, dt may be negative."""


def euler_step(field: Field, t: float, dt: float, y: Tensor) -> Tensor:
    """Return y(t + dt) by one step of Euler's method, of order 1.

    y(t + dt) = y + dt f(t, y).

    Args:
        t, dt: clip units; dt may be negative.
        y: [N, *state].
    Returns:
        [N, *state].
    Reference: Euler 1768; Hairer, Norsett, Wanner, "Solving Ordinary Differential Equations I", section I.7.
    """
    return torch.add(y, field(t, y), alpha=dt)


def rk4_step(field: Field, t: float, dt: float, y: Tensor) -> Tensor:
    """Return y(t + dt) by one step of the 3/8 rule, the fourth-order method that torchdiffeq calls ``rk4``.

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


def rk4_classic_step(field: Field, t: float, dt: float, y: Tensor) -> Tensor:
    """Return y(t + dt) by one step of the classic Runge-Kutta method of order 4.

    k1 = f(y); k2 = f(y + dt k1/2); k3 = f(y + dt k2/2); k4 = f(y + dt k3);
    y(t + dt) = y + dt (k1 + 2 k2 + 2 k3 + k4) / 6.

    Args:
        t, dt: clip units; dt may be negative.
        y: [N, *state].
    Returns:
        [N, *state].
    Reference: Kutta 1901; Hairer, Norsett, Wanner, "Solving Ordinary Differential Equations I", table II.1.2.
    """
    k1 = field(t, y)
    k2 = field(t + dt / 2, torch.add(y, k1, alpha=dt / 2))
    k3 = field(t + dt / 2, torch.add(y, k2, alpha=dt / 2))
    k4 = field(t + dt, torch.add(y, k3, alpha=dt))
    return torch.add(y, torch.add(k1 + k4, k2 + k3, alpha=2), alpha=dt / 6)


ODE_STEPS: Mapping[str, ODEStep] = {"rk4": rk4_step, "rk4-classic": rk4_classic_step, "euler": euler_step}
"""The fixed-step methods by option value."""
