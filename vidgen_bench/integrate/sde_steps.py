"""One step of a stochastic differential equation with diagonal noise: Euler-Maruyama, Euler-Heun, and Milstein.

The equation is dy_i = mu_i(t, y) dt + sigma_i(t, y) dW_i. Entry i has its own Brownian motion, but sigma is a full
network, so its Jacobian J_ij = d sigma_i / d y_j has off-diagonal entries. The Stratonovich equation equals the Ito
equation with the additional drift J_ii sigma_i / 2; the off-diagonal J_ij do not enter it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from vidgen_bench.integrate.field import Field

SDEStep = Callable[[Field, Field, float, float, Tensor, Tensor], Tensor]
"""``(drift, diffusion, t, dt, y [N, *state], dW [N, *state]) -> y(t + dt)``; times in clip units, dW has variance dt."""


def euler_maruyama_step(drift: Field, diffusion: Field, t: float, dt: float, y: Tensor, dw: Tensor) -> Tensor:
    """Return y(t + dt) of the Ito equation by one Euler-Maruyama step, of strong order 1/2.

    y(t + dt) = y + mu dt + sigma dW, elementwise.

    Args:
        drift, diffusion: mu and sigma, ``(t, y) -> [N, *state]``.
        t, dt: clip units.
        y, dw: the state and the Brownian increment, [N, *state].
    Returns:
        [N, *state].
    Reference: Maruyama 1955; Kloeden and Platen, "Numerical Solution of SDE", section 10.2.
    """
    return torch.add(y, drift(t, y), alpha=dt) + diffusion(t, y) * dw


def euler_heun_step(drift: Field, diffusion: Field, t: float, dt: float, y: Tensor, dw: Tensor) -> Tensor:
    """Return y(t + dt) of the Stratonovich equation by one Euler-Heun step.

    y' = y + sigma(y) dW;    y(t + dt) = y + mu dt + (sigma(y) + sigma(y')) dW / 2, elementwise.
    Strong order 1 if sigma_i depends on y_i only, 1/2 otherwise.

    Args:
        drift, diffusion: mu and sigma, ``(t, y) -> [N, *state]``.
        t, dt: clip units.
        y, dw: the state and the Brownian increment, [N, *state].
    Returns:
        [N, *state].
    Reference: Ruemelin 1982; Kloeden and Platen, "Numerical Solution of SDE", section 4.9; torchsde's ``euler_heun``.
    """
    here = diffusion(t, y)
    ahead = diffusion(t + dt, y + here * dw)
    return torch.add(y, drift(t, y), alpha=dt) + (here + ahead) * dw * 0.5


def milstein_ito_step(drift: Field, diffusion: Field, t: float, dt: float, y: Tensor, dw: Tensor) -> Tensor:
    """Return y(t + dt) of the Ito equation by one Milstein step with a Jacobian-vector product.

    y(t + dt) = y + mu dt + sigma dW + J [sigma (dW^2 - dt)] / 2.
    The correction has mean zero, so the limit is Ito's for every J. Strong order 1 if sigma_i depends on y_i only;
    otherwise 1/2, as for any scheme without the iterated integrals of different Brownian motions.

    Args:
        drift, diffusion: mu and sigma, ``(t, y) -> [N, *state]``; sigma differentiable.
        t, dt: clip units.
        y, dw: the state and the Brownian increment, [N, *state].
    Returns:
        [N, *state].
    Reference: Milstein 1974; Kloeden and Platen, "Numerical Solution of SDE", section 10.3, eq. 3.12 (diagonal noise).
    """
    sigma = diffusion(t, y)
    correction = _along(diffusion, t, y, sigma * (dw.square() - dt))
    return torch.add(y, drift(t, y), alpha=dt) + sigma * dw + correction * 0.5


def milstein_stratonovich_step(drift: Field, diffusion: Field, t: float, dt: float, y: Tensor, dw: Tensor) -> Tensor:
    """Return y(t + dt) of the Stratonovich equation by one Milstein step with a Jacobian-vector product.

    y(t + dt) = y + mu dt + sigma dW + dW J [sigma dW] / 2.
    The mean of the correction is J_ii sigma_i dt / 2, the Stratonovich drift, for every J. torchsde uses the
    vector-Jacobian product J^T [sigma dW^2] / 2 instead, with mean (J^T sigma)_i dt / 2. This is equal for a diagonal
    J, but has another limit if sigma is a full network. Strong order 1 if sigma_i depends on y_i only, 1/2 otherwise.

    Args:
        drift, diffusion: mu and sigma, ``(t, y) -> [N, *state]``; sigma differentiable.
        t, dt: clip units.
        y, dw: the state and the Brownian increment, [N, *state].
    Returns:
        [N, *state].
    Reference: Milstein 1974; Kloeden and Platen, "Numerical Solution of SDE", section 10.3, with J_(j,i) for j != i
        replaced by dW_j dW_i / 2.
    """
    sigma = diffusion(t, y)
    correction = dw * _along(diffusion, t, y, sigma * dw)
    return torch.add(y, drift(t, y), alpha=dt) + sigma * dw + correction * 0.5


def _along(diffusion: Field, t: float, y: Tensor, direction: Tensor) -> Tensor:
    """Return the Jacobian-vector product J(t, y) direction; it is differentiable, and works under ``no_grad``."""
    # Forward mode: double reverse mode would need gradients switched on while sampling.
    # Cloned because forward mode refuses expanded tensors, and the first state may be one.
    product: Tensor = torch.func.jvp(lambda u: diffusion(t, u), (y.clone(),), (direction,))[1]
    return product


SDE_STEPS: Mapping[tuple[str, str], SDEStep] = {
    ("euler", "ito"): euler_maruyama_step,
    ("euler", "stratonovich"): euler_heun_step,
    ("milstein", "ito"): milstein_ito_step,
    ("milstein", "stratonovich"): milstein_stratonovich_step,
}
"""The methods by the option values (solver, calculus)."""
