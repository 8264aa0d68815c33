"""The networks of the temporal generators in hidden.py."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from tests.kit.wrong import networks
from vidgen_bench.api import LatentSpec, Times
from vidgen_bench.noise import Noise


class MirroredSwings(nn.Module):
    def __init__(self, spec: LatentSpec, options: Any) -> None:
        super().__init__()
        (size,) = spec.shape
        self.f = nn.Sequential(nn.Linear(size + 6, 32), nn.Tanh(), nn.Linear(32, size))

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        t = torch.tensor(times, dtype=z0.dtype, device=z0.device).abs()[:, None]
        waves = torch.sin(math.pi * t * 2.0 ** torch.arange(6, device=z0.device)).expand(len(z0), -1, -1)
        return self.f(torch.cat([z0[:, None].expand(-1, len(times), -1), waves], dim=2))


class Cached(networks.Glide):
    kick: Tensor | None = None

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        if self.kick is None or len(self.kick) != len(z0):
            self.kick = noise.normal("kick", self.size)
        return self.path(z0, times) + self.kick[:, None]


class Borrowed(networks.Glide):
    """Draws what the backbone calls z_0."""

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0, times) + noise.uniform("z", self.size)[:, None]


class InPlace(networks.Glide):
    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0.mul_(3.0), times)


class Settled(networks.Glide):
    """Computes on the CPU for every device."""

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.path(z0, times) * torch.ones(1, device="cpu")


class Replayed(networks.Glide):
    def __init__(self, spec: LatentSpec, options: Any) -> None:
        torch.manual_seed(7)
        super().__init__(spec, options)


class Reseeded(networks.Glide):
    """Its weights depend on the seed; later draws do not."""

    def __init__(self, spec: LatentSpec, options: Any) -> None:
        super().__init__(spec, options)
        torch.manual_seed(7)
