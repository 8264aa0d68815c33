"""The games of the wrong backbones, each a right one with one thing changed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from vidgen_bench.api import Batch, Clip, Feed, Game, Player, Times
from vidgen_bench.noise import Noise


class Generator(nn.Module):
    def __init__(self, temporal: nn.Module, clip: Clip) -> None:
        super().__init__()
        self.temporal = temporal
        self.shape = (clip.channels, clip.size, clip.size)
        last = nn.Linear(16, clip.channels * clip.size**2)
        self.frame = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.LeakyReLU(0.2), last, nn.Tanh())

    def forward(self, z: Tensor, times: Times, noise: Noise) -> Tensor:
        path = self.temporal(z, times, noise).flatten(2)
        return self.frame(path.flatten(0, 1)).view(*path.shape[:2], *self.shape).transpose(1, 2)


class TinyGame:
    def __init__(self, clip: Clip, options: Any, temporal: nn.Module) -> None:
        self.clip, self.options = clip, options
        self.generator = Generator(temporal, clip)
        pixels = clip.channels * clip.frames * clip.size**2
        self.critic = nn.Sequential(nn.Flatten(), nn.Linear(pixels, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
        self.parts: dict[str, nn.Module] = {"generator": self.generator, "critic": self.critic}

    def game(self) -> Game:
        return Game(self.parts, self.players(), self.sample)

    def players(self) -> tuple[Player, ...]:
        feed, batch = Feed(self.clip.frames), self.options.batch
        critic, generator = tuple(self.critic.parameters()), tuple(self.generator.parameters())
        return (
            Player("critic", critic, batch, self.critic_loss, self.optimiser(), feed, after=self.after),
            Player("generator", generator, batch, self.generator_loss, self.optimiser(), schedule=self.schedule),
        )

    def optimiser(self) -> Callable[..., torch.optim.Optimizer]:
        return partial(torch.optim.Adam, lr=1e-3)

    def schedule(self, iteration: int) -> float:
        return 1.0

    def after(self, iteration: Tensor) -> None:
        for p in self.critic.parameters():
            p.clamp_(-1.0, 1.0)

    def mean(self, values: Tensor) -> Tensor:
        return values.mean()

    def fakes(self, noise: Noise) -> Tensor:
        return self.generator(noise.normal("z", 6), self.clip.grid, noise)

    def critic_loss(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        assert batch is not None
        with torch.no_grad():
            fakes = self.fakes(noise)
        return {"real": self.mean(softplus(-self.critic(batch.clips))), "fake": self.mean(softplus(self.critic(fakes)))}

    def generator_loss(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        return {"fake": self.mean(softplus(-self.critic(self.fakes(noise))))}

    def sample(self, noise: Noise, times: Times) -> Tensor:
        return self.generator(noise.normal("z", 6), times, noise)


class Bright(TinyGame):
    def sample(self, noise: Noise, times: Times) -> Tensor:
        return 2.0 * super().sample(noise, times)


class Wide(TinyGame):
    def sample(self, noise: Noise, times: Times) -> Tensor:
        return super().sample(noise, times).double()


class Alike(TinyGame):
    def sample(self, noise: Noise, times: Times) -> Tensor:
        alike = noise if self.generator.training else replace(noise, rows=0 * noise.rows)
        return super().sample(alike, times)


class Spotted(TinyGame):
    def sample(self, noise: Noise, times: Times) -> Tensor:
        clips = super().sample(noise, times)
        return clips.masked_fill(torch.arange(8) == 0, float("nan"))


class Orphan(TinyGame):
    def players(self) -> tuple[Player, ...]:
        self.parts["extra"] = nn.Linear(2, 2)
        return super().players()


class Detached(TinyGame):
    def mean(self, values: Tensor) -> Tensor:
        return values.detach().mean()


class Lazy(TinyGame):
    def optimiser(self) -> Callable[..., torch.optim.Optimizer]:
        return partial(torch.optim.Adam, lr=0.0)


class Breaking(TinyGame):
    def after(self, iteration: Tensor) -> None:
        for p in self.critic.parameters():
            p.div_(0.0)


class Counting(TinyGame):
    counter = itertools.count()

    def generator_loss(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        return {k: v + 0.01 * next(self.counter) for k, v in super().generator_loss(batch, noise).items()}


class Reborn(TinyGame):
    def __init__(self, clip: Clip, options: Any, temporal: nn.Module) -> None:
        super().__init__(clip, options, temporal)
        torch.manual_seed(0)
        for layer in (*self.generator.frame.modules(), *self.critic.modules()):
            if isinstance(layer, nn.Linear):
                layer.reset_parameters()


class Stuck(TinyGame):
    def fakes(self, noise: Noise) -> Tensor:
        return self.generator(0.0 * noise.normal("z", 6) + 1.0, self.clip.grid, noise)


class Leaky(TinyGame):
    def __init__(self, clip: Clip, options: Any, temporal: nn.Module) -> None:
        super().__init__(clip, options, temporal)
        self.generator.register_buffer("seen", torch.zeros(()))

    def sample(self, noise: Noise, times: Times) -> Tensor:
        self.generator.get_buffer("seen").add_(1)
        return super().sample(noise, times)


class Neighbourly(TinyGame):
    def sample(self, noise: Noise, times: Times) -> Tensor:
        clips = super().sample(noise, times)
        return 0.5 * (clips - clips.mean(dim=0))


class Renumbered(TinyGame):
    def sample(self, noise: Noise, times: Times) -> Tensor:
        rows = torch.arange(len(noise.rows))
        return super().sample(Noise(noise.key, rows), times)


class Shifted(TinyGame):
    def sample(self, noise: Noise, times: Times) -> Tensor:
        return super().sample(replace(noise, rows=noise.rows + len(noise.rows)), times)


class Clamped(TinyGame):
    def sample(self, noise: Noise, times: Times) -> Tensor:
        return super().sample(noise, tuple(min(t, 1.0) for t in times))


class Outside(TinyGame):
    def __init__(self, clip: Clip, options: Any, temporal: nn.Module) -> None:
        super().__init__(clip, options, temporal)
        self.colours = torch.rand(clip.channels, 1, 1, 1)

    def sample(self, noise: Noise, times: Times) -> Tensor:
        return self.colours * super().sample(noise, times)


class Weighted(TinyGame):
    def __init__(self, clip: Clip, options: Any, temporal: nn.Module) -> None:
        super().__init__(clip, options, temporal)
        self.weight = torch.rand(())

    def generator_loss(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        return {k: self.weight * v for k, v in super().generator_loss(batch, noise).items()}


class Greedy(TinyGame):
    def optimiser(self) -> Callable[..., torch.optim.Optimizer]:
        return partial(torch.optim.SGD, lr=1e30)

    def after(self, iteration: Tensor) -> None:
        pass


class Wayward(TinyGame):
    def schedule(self, iteration: int) -> float:
        return 1.0 - 2.0 * iteration


class Asking(TinyGame):
    def mean(self, values: Tensor) -> Tensor:
        return values.mean() if values.sum().item() > 0 else values.mean() + 0.0


class Drawing(TinyGame):
    def mean(self, values: Tensor) -> Tensor:
        return values.mean() + 0.0 * torch.rand(())


class Reseeding(TinyGame):
    def generator_loss(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        torch.manual_seed(1)
        return super().generator_loss(batch, noise)


class Scattering(TinyGame):
    def sample(self, noise: Noise, times: Times) -> Tensor:
        return super().sample(noise, times) + 0.0 * torch.randn(())


class Summing(TinyGame):
    def mean(self, values: Tensor) -> Tensor:
        return values.sum()


class Dividing(TinyGame):
    def mean(self, values: Tensor) -> Tensor:
        return values.sum() / self.options.batch


class Redrawing(TinyGame):
    def __init__(self, clip: Clip, options: Any, temporal: nn.Module) -> None:
        super().__init__(clip, options, temporal)
        for layer in (*self.generator.modules(), *self.critic.modules()):
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
