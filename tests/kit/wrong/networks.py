"""The networks of the wrong temporal generators, each a right one with one thing changed."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import Tensor, nn

from vidgen_bench.api import LatentSpec, Times
from vidgen_bench.integrate import ode_path
from vidgen_bench.latent import dynamics
from vidgen_bench.noise import Noise


class Glide(nn.Module):
    """z(t) = z_0 exp(t r), the solution of z' = r z; the rates r are what a perceptron makes of ones."""

    def __init__(self, spec: LatentSpec, options: Any) -> None:
        super().__init__()
        self.frames, (self.size,) = spec.frames, spec.shape
        self.f = dynamics(spec.shape, self.width(options))

    def width(self, options: Any) -> int:
        return options.width

    def path(self, z0: Tensor, times: Times) -> Tensor:
        t = torch.tensor(times, dtype=z0.dtype, device=z0.device)
        return z0[:, None] * torch.exp(self.rates(z0) * t[:, None])

    def rates(self, z0: Tensor) -> Tensor:
        return self.f(torch.ones(1, self.size, dtype=z0.dtype, device=z0.device))

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0, times)


class Squeezed(Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0, times)[:, :, None]


class Idle(Glide):
    def __init__(self, spec: LatentSpec, options: Any) -> None:
        super().__init__(spec, options)
        self.spare = nn.Linear(2, 2)


class Steep(Glide):
    def __init__(self, spec: LatentSpec, options: Any) -> None:
        super().__init__(spec, options)
        self.scale = nn.Parameter(torch.zeros(1))

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0, times) + self.scale.square().sqrt()


class Listed(Glide):
    def __init__(self, spec: LatentSpec, options: Any) -> None:
        super().__init__(spec, options)
        self.layers = [nn.Linear(self.size, self.size)]

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(self.layers[0](z0), times)


class Unseeded(Glide):
    def __init__(self, spec: LatentSpec, options: Any) -> None:
        super().__init__(spec, options)
        self.offset = nn.Parameter(torch.tensor(random.SystemRandom().random()))

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0, times) + self.offset


class Attributed(Glide):
    def __init__(self, spec: LatentSpec, options: Any) -> None:
        super().__init__(spec, options)
        self.offset = random.SystemRandom().random()

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0, times) + self.offset


class Counting(Glide):
    def __init__(self, spec: LatentSpec, options: Any) -> None:
        super().__init__(spec, options)
        self.calls = 0

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        self.calls += 1
        return self.path(z0, times) + 0.3 * self.calls


class Kicked(Glide):
    """Right where ``stochastic`` is declared."""

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0, times) + noise.normal("kick", self.size)[:, None]


class Crowded(Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        path = self.path(z0, times)
        return path - 0.5 * path.mean(dim=0)


class Lengthy(Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0, times) + noise.normal("kick", len(z0), self.size)[:, :1]


class Held(Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        last = self.frames - 1
        return self.path(z0, tuple(round(t * last) / last for t in times))


class Parked(Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0, tuple(min(t, 1.0) for t in times))


class Stretched(Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0, tuple(i / max(len(times) - 1, 1) for i in range(len(times))))


class Sorted(Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0, tuple(sorted(times)))


class Short(Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0, times)[:, : self.frames]


class Wild(Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        beyond = torch.tensor([0.0 if t <= 1.0 else float("inf") for t in times], device=z0.device)
        return self.path(z0, times) + beyond[:, None]


class Apart(Glide):
    """Denser and later instants together get another path than either alone."""

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        dense = any(abs(t * (self.frames - 1) % 1.0 - 0.5) < 0.1 for t in times)
        both = dense and max(times) > 1.0
        return self.path(z0, tuple(0.5 * t for t in times) if both else times)


class Mirrored(Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0, tuple(abs(t) for t in times))


class Stopped(Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0, tuple(max(t, 0.0) for t in times))


class Jumping(Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        apart = torch.tensor([1.0 if t < 0.0 else 0.0 for t in times], dtype=z0.dtype, device=z0.device)
        return self.path(z0, times) + apart[:, None]


class Straight(Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        back = torch.stack([z0 + min(t, 0.0) * self.rates(z0) * z0 for t in times], dim=1)
        forth = self.path(z0, tuple(max(t, 0.0) for t in times))
        return torch.where(torch.tensor([t < 0.0 for t in times], device=z0.device)[:, None], back, forth)


class Grown(Glide):
    def width(self, options: Any) -> int:
        return 4 + torch.initial_seed() % 97


class Shadowed(Glide):
    """As wide as the weights that surround it: on the meta device they have no numbers."""

    def width(self, options: Any) -> int:
        return 7 if torch.empty(0).device.type == "meta" else 6


class Forgetful(Glide):
    def __init__(self, spec: LatentSpec, options: Any) -> None:
        super().__init__(spec, options)
        self.register_buffer("centre", torch.randn(self.size), persistent=False)

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0 + self.centre, times)


class Fussy(Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return (self.f(self.path(z0, times)) + 32.0) - 32.0


class Brittle(Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        path = z0.new_zeros(len(z0), len(times), self.size)
        return path.index_copy_(1, torch.arange(len(times), device=z0.device), self.f(self.path(z0, times)))


class Raising(Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        raise ValueError("no such\nluck")


class Named(Glide):
    def width(self, options: Any) -> int:
        return 20 if options.size == "large" else 6


class Equal(Glide):
    """Right: the width is solved for."""

    def width(self, options: Any) -> int:
        return options.width if options.width != "equal" else 6


class Euler(Glide):
    """Right: a coarse solver goes back within its own order."""

    def path(self, z0: Tensor, times: Times) -> Tensor:
        return ode_path(lambda t, z: 2.0 * self.f(z), z0, times, self.frames, solver="euler")


class Constant(Glide):
    """Right: what stands still is smooth."""

    def path(self, z0: Tensor, times: Times) -> Tensor:
        return (z0 + self.f(z0))[:, None].expand(-1, len(times), -1)
