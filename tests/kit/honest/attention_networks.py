"""The networks and games of the honest plugins in attention.py."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import rrelu

from tests.kit.wrong.games import TinyGame
from vidgen_bench.api import Clip, LatentSpec, Times
from vidgen_bench.noise import Noise


class Attending(nn.Module):
    """Instants ask what four tokens made of z_0 say."""

    def __init__(self, spec: LatentSpec) -> None:
        super().__init__()
        (size,) = spec.shape
        self.tokens, self.query = nn.Linear(size, 32), nn.Linear(1, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.out = nn.Linear(8, size)

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        query = self.query(torch.tensor(times, dtype=z0.dtype, device=z0.device)[:, None]).sin().expand(len(z0), -1, -1)
        tokens = self.tokens(z0).unflatten(1, (4, 8))
        seen, _ = self.attention(query, tokens, tokens, need_weights=False)
        return self.out(seen)


class Sloped(nn.Module):
    """z(t) = z_0 + sin(t) g(z_0), g with the mean slope of the randomised rectifier, and moved between devices."""

    def __init__(self, spec: LatentSpec) -> None:
        super().__init__()
        (size,) = spec.shape
        self.g = nn.Linear(size, size)

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        t = torch.tensor(times, dtype=z0.dtype).to(z0.device)
        return z0[:, None] + t.sin()[:, None] * rrelu(self.g(z0), training=False)[:, None]


class Projecting(Sloped):
    """Mixes by a fixed random matrix that a generator of its own draws anew each time."""

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        generator = torch.Generator().manual_seed(3)
        mix = torch.randn(z0.shape[1], z0.shape[1], generator=generator, device="cpu")
        return super().forward(z0, times, noise) @ mix.to(z0.device)


class Averaging(TinyGame):
    """Samples from an average of the generator's weights, which warms up by the iteration that ``after`` is given."""

    def __init__(self, clip: Clip, options: Any, temporal: nn.Module) -> None:
        super().__init__(clip, options, temporal)
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        self.parts["average"] = self.average

    def after(self, iteration: Tensor) -> None:
        kept = min(0.99, (1 + int(iteration)) / (10 + int(iteration)))  # to wait for the device is allowed here
        for mine, theirs in zip(self.average.parameters(), self.generator.parameters(), strict=True):
            mine.lerp_(theirs, 1.0 - kept)
        for mine, theirs in zip(self.average.buffers(), self.generator.buffers(), strict=True):
            mine.copy_(theirs)

    def schedule(self, iteration: int) -> float:
        return min(1.0, (iteration + 1) / 100)

    def sample(self, noise: Noise, times: Times) -> Tensor:
        return self.average(noise.normal("z", 6), times, noise)


class Unpacking(TinyGame):
    """Goes through a tensor's rows: nothing is read."""

    def mean(self, values: Tensor) -> Tensor:
        return torch.stack([row.mean() for row in values]).mean()
