"""Latent ordinary differential equations of order 1, 2 and 3: the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from vidgen_bench.api import LatentSpec, Times
from vidgen_bench.integrate import ADAPTIVE, ODEBackend, ode_path
from vidgen_bench.latent import Embedding, Lift, dynamics, hidden_width, initialise

if TYPE_CHECKING:
    from vidgen_bench.noise import Noise
    from vidgen_temporal.ode import ODEOptions


class ODEGenerator(nn.Module):
    """A latent path that solves z^(n) = f(z^(n-1)), or in the physics form z^(n) = f(z, z', ..., z^(n-1)).

    With the state s = (s_0 .. s_{n-1}), s_k = z^(n-1-k): s_0' = f, s_k' = s_{k-1}; the output is z = s_{n-1}.
    Order 1 starts at s_0 = Lift(h); a higher order at s_k = A_k h, one affine layer per component; h = Embedding(z_0).

    Args:
        spec: the backbone's latent.
        options: the declaration's options.
        width: width of f's hidden layer, None for a single layer.
    Shape:
        z0 [N, source], T times -> [N, T, *spec.shape].
    Reference: Gordon and Parde 2021. In its code the position is not an input of f when n > 1: form ``code``.
    """

    def __init__(self, spec: LatentSpec, options: ODEOptions, width: int | None) -> None:
        super().__init__()
        self.frames, self.order, self.options = spec.frames, options.order, options
        self.physics = options.form == "physics"
        self.embedding = Embedding(spec) if options.embedding else nn.Identity()
        self.initial = nn.ModuleList(Lift(spec, affine=options.order > 1) for _ in range(options.order))
        self.f = dynamics(spec.shape, width, inputs=options.order if self.physics else 1)
        # the Lift of order 1 only adapts shapes and is not part of the equation: it keeps PyTorch's default
        equation = [self.embedding, self.f] if options.order == 1 else [self.embedding, self.initial, self.f]
        for part in equation:
            initialise(part, spec.init)

    def field(self, t: float, s: Tensor) -> Tensor:
        """Return ds/dt [N, order, *shape] (order 1: [N, *shape])."""
        if self.order == 1:
            return self.f(s)
        highest = self.f(s.flip(1).flatten(1, 2) if self.physics else s[:, 0])  # flipped: z, z', ...
        return torch.cat([highest[:, None], s[:, :-1]], dim=1)

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        h = self.embedding(z0)
        components = [affine(h) for affine in self.initial]
        state = components[0] if self.order == 1 else torch.stack(components, dim=1)
        path = ode_path(
            self.field,
            state,
            times,
            self.frames,
            solver=self.options.solver,
            backend=backend_of(self.options),
            rtol=self.options.rtol,
            atol=self.options.atol,
        )
        return path if self.order == 1 else path[:, :, -1]


def backend_of(options: ODEOptions) -> ODEBackend:
    """Return the integrator; ``auto`` is torchdiffeq for adaptive solvers."""
    if options.backend != "auto":
        return options.backend
    return "torchdiffeq" if options.solver in ADAPTIVE else "native"


def width_of(spec: LatentSpec, options: ODEOptions) -> int | None:
    """Return the hidden width set by the options, None for a single layer."""
    return hidden_width(options.hidden, spec, lambda width: ODEGenerator(spec, options, width))
