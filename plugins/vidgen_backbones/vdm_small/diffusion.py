"""Gaussian diffusion: the cosine schedule, the v parameterisation, and the DDIM sampler.

z_t = alpha_t x + sigma_t e with e ~ N(0, I), for t from 0 (the clip) to 1 (noise). A network predicts v = alpha_t e - sigma_t x, and
x = alpha_t z - sigma_t v, e = sigma_t z + alpha_t v.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

SNR = 20.0
"""log(alpha^2 / sigma^2) at t = 0; at t = 1 it is the negative of it."""

EDGE = math.atan(math.exp(-SNR / 2))
"""The angle at t = 0, and the distance of the angle at t = 1 from pi / 2."""


def signal_and_noise(times: Tensor) -> tuple[Tensor, Tensor]:
    """Return alpha_t = cos(phi) and sigma_t = sin(phi) of the cosine schedule, phi = EDGE + (pi / 2 - 2 EDGE) t.

    Time is continuous, and alpha^2 + sigma^2 = 1. The offset of the discrete schedule, which keeps the first of 1000 steps from being too
    small, is not needed: the ends are at log(alpha^2 / sigma^2) = 20 and -20.

    Args:
        times: from 0 to 1, any shape.
    Returns:
        Two tensors of the same shape.
    Reference: Nichol and Dhariwal 2021, eq. 17; Salimans and Ho 2022, section 3, for continuous time.
    """
    angle = EDGE + (math.pi / 2 - 2 * EDGE) * times
    return angle.cos(), angle.sin()


def velocity(x: Tensor, e: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """Return v = alpha e - sigma x, the target of the network.

    Reference: Salimans and Ho 2022, section 4.
    """
    return alpha * e - sigma * x


def ddim(network: Callable[[Tensor, Tensor], Tensor], z: Tensor, steps: int, clip: bool) -> Tensor:
    """Return the clips to which the deterministic DDIM sampler leads, in equal steps of t from 1 to 0.

    One step from t to s: x = alpha_t z - sigma_t v(z, t), clipped if asked for; e = (z - alpha_t x) / sigma_t, so that z is kept;
    z_s = alpha_s x + sigma_s e. The last x is the result. Nothing waits for the device.

    Args:
        network: ``(z [N, ...], times [N]) -> v [N, ...]``.
        z: noise, [N, ...].
        steps: calls of the network, at least 1.
        clip: clip x to [-1, 1] in every step.
    Returns:
        [N, ...], not clipped unless ``clip`` is set.
    Reference: Song, Meng, Ermon 2021, eq. 12 with sigma = 0; Ho, Jain, Abbeel 2020 for the clipped x.
    """
    times = torch.linspace(1.0, 0.0, steps + 1, dtype=z.dtype, device=z.device)
    alpha, sigma = signal_and_noise(times)
    x = z
    for k in range(steps):
        v = network(z, times[k].expand(len(z))).to(z.dtype)  # autocast may have rounded it
        x = alpha[k] * z - sigma[k] * v
        if clip:
            x = x.clamp(-1.0, 1.0)
        e = (z - alpha[k] * x) / sigma[k]
        z = alpha[k + 1] * x + sigma[k + 1] * e
    return x
