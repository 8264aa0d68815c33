"""The networks and games of the honest plugins in beginnings.py."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from tests.kit.wrong.games import TinyGame
from vidgen_bench.api import Batch, Clip, LatentSpec, Player, Times
from vidgen_bench.integrate import ode_path
from vidgen_bench.noise import Noise


class Kinked(nn.Module):
    """z(t) = f(z_0, t), f a perceptron with ReLU: kinks at instants of its own."""

    def __init__(self, spec: LatentSpec, options: Any) -> None:
        super().__init__()
        (size,) = spec.shape
        self.f = nn.Sequential(nn.Linear(size + 1, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, size))

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        t = torch.tensor(times, dtype=z0.dtype, device=z0.device)[None, :, None].expand(len(z0), -1, 1)
        return self.f(torch.cat([z0[:, None].expand(-1, len(times), -1), t], dim=2))


class Swinging(nn.Module):
    """z(t) = f(z_0, sin 2^k pi t, cos 2^k pi t), k < 6: smooth, with swings faster than a frame."""

    def __init__(self, spec: LatentSpec, options: Any) -> None:
        super().__init__()
        (size,) = spec.shape
        self.f = nn.Sequential(nn.Linear(size + 12, 32), nn.Tanh(), nn.Linear(32, size))

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        t = torch.tensor(times, dtype=z0.dtype, device=z0.device)[:, None]
        t = t * math.pi * 2.0 ** torch.arange(6, device=z0.device)
        waves = torch.cat([t.sin(), t.cos()], dim=1).expand(len(z0), -1, -1)
        return self.f(torch.cat([z0[:, None].expand(-1, len(times), -1), waves], dim=2))


class Embedding(nn.Module):
    """An instant is a tensor of torch's default type."""

    def __init__(self, spec: LatentSpec, options: Any) -> None:
        super().__init__()
        (size,) = spec.shape
        self.t = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, size))
        self.mix = nn.Linear(size, size)

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.mix(z0[:, None] + self.t(torch.tensor(times, device=z0.device)[:, None]))


class Single(Embedding):
    """It insists on single precision."""

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        t = torch.tensor(times, dtype=torch.float32, device=z0.device)
        return self.mix(z0[:, None] + self.t(t[:, None]))


class Gated(nn.Module):
    """z' = g f(z), the gate g = 0 at the start."""

    def __init__(self, spec: LatentSpec, options: Any) -> None:
        super().__init__()
        self.frames, (size,) = spec.frames, spec.shape
        self.f = nn.Sequential(*(layer for _ in range(3) for layer in (nn.Linear(size, size), nn.Tanh())))
        self.gate = nn.Parameter(torch.zeros(()))

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return ode_path(lambda t, z: self.gate * self.f(z), z0, times, self.frames)


class Tuned(nn.Module):
    """Rotations whose frequencies start on a grid: every seed gives the same ones."""

    def __init__(self, spec: LatentSpec, options: Any) -> None:
        super().__init__()
        (size,) = spec.shape
        self.frequency = nn.Parameter(torch.linspace(0.5, 2.0, size))

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        t = torch.tensor(times, dtype=z0.dtype, device=z0.device)[:, None]
        return z0[:, None] * torch.cos(self.frequency * t) + torch.sin(self.frequency * t)


class Hinged(TinyGame):
    """A critic that starts beyond its margin: its loss is exactly 0."""

    def critic_loss(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        assert batch is not None
        with torch.no_grad():
            fakes = self.fakes(noise)
        return {
            "real": relu(-4.0 - self.critic(batch.clips)).mean(),
            "fake": relu(self.critic(fakes) - 4.0).mean(),
        }


class BlankCritic(TinyGame):
    def __init__(self, clip: Clip, options: Any, temporal: nn.Module) -> None:
        super().__init__(clip, options, temporal)
        for p in list(self.critic.parameters())[-2:]:
            nn.init.zeros_(p)


class BlankGenerator(TinyGame):
    def __init__(self, clip: Clip, options: Any, temporal: nn.Module) -> None:
        super().__init__(clip, options, temporal)
        for p in list(self.generator.frame.parameters())[-2:]:
            nn.init.zeros_(p)


class Blank(BlankCritic, BlankGenerator):
    pass


class Orthogonal(TinyGame):
    """A penalty on weights plays by itself: it sees no clips and draws nothing."""

    def penalty(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        weight = next(self.generator.frame.parameters())
        return {"penalty": (weight.T @ weight - torch.eye(weight.shape[1], device=weight.device)).square().mean()}

    def players(self) -> tuple[Player, ...]:
        weight = next(self.generator.frame.parameters())
        return (*super().players(), Player("penalty", (weight,), self.options.batch, self.penalty, self.optimiser()))


class Odd(TinyGame):
    """Batches that two processes cannot share."""

    def players(self) -> tuple[Player, ...]:
        return tuple(replace(player, batch=3) for player in super().players())
