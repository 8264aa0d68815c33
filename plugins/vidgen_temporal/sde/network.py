"""A latent stochastic differential equation: the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from vidgen_bench.api import LatentSpec, Times
from vidgen_bench.integrate import sde_path
from vidgen_bench.latent import Embedding, Lift, dynamics, hidden_width, initialise

if TYPE_CHECKING:
    from vidgen_bench.noise import Noise
    from vidgen_temporal.sde import SDEOptions


class SDEGenerator(nn.Module):
    """A latent path that solves dz = mu(z) dt + sigma(z) dW, elementwise, with z(0) = Lift(Embedding(z_0)).

    Ito or Stratonovich, one Brownian motion per entry; mu and sigma have equal layers and separate weights; sigma is signed.

    Args:
        spec: the backbone's latent.
        options: the declaration's options.
        width: width of the hidden layers of mu and sigma, None for single layers.
    Shape:
        z0 [N, source], T times -> [N, T, *spec.shape].
    Reference: Gordon and Parde 2021: Ito, Euler-Maruyama with dt 0.025, frames by linear interpolation.
    """

    def __init__(self, spec: LatentSpec, options: SDEOptions, width: int | None) -> None:
        super().__init__()
        self.options = options
        self.embedding = Embedding(spec) if options.embedding else nn.Identity()
        self.initial = Lift(spec)
        self.mu = dynamics(spec.shape, width)
        self.sigma = dynamics(spec.shape, width)
        # not the Lift: it only adapts shapes and keeps PyTorch's default
        for part in (self.embedding, self.mu, self.sigma):
            initialise(part, spec.init)

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        state = self.initial(self.embedding(z0))
        return sde_path(
            lambda t, z: self.mu(z),
            lambda t, z: self.sigma(z),
            state,
            times,
            dt=self.options.dt,
            noise=noise,
            solver=self.options.solver,
            calculus=self.options.calculus,
            backend=self.options.backend,
        )


def width_of(spec: LatentSpec, options: SDEOptions) -> int | None:
    """Return the hidden width set by the options, None for single layers."""
    return hidden_width(options.hidden, spec, lambda width: SDEGenerator(spec, options, width))
