"""A class-conditional game with two critics of one kind and an average of weights, and wrong ones that differ from it in one point."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from tests.kit.wrong.games import TinyGame
from vidgen_bench.api import Batch, Clip, Feed, Game, Player, Times
from vidgen_bench.blocks import Average, Labels, spectral
from vidgen_bench.noise import Noise


class LabelledGame(TinyGame):
    def __init__(self, clip: Clip, options: Any, temporal: nn.Module) -> None:
        super().__init__(clip, options, temporal)
        self.generator.add_module("classes", nn.Embedding(clip.classes, 6))
        pixels = clip.channels * clip.frames * clip.size**2
        self.other = nn.Sequential(nn.Flatten(), nn.Linear(pixels, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
        spectral(self.other)
        self.labels = Labels(clip)
        self.average = Average(self.generator, 0.5, start=1)
        self.parts |= {"other critic": self.other, "labels": self.labels, "average": self.average}

    def game(self) -> Game:
        return Game(self.parts, self.players(), self.sample, self.drawn)

    def players(self) -> tuple[Player, ...]:
        critic, generator = super().players()
        feed, parameters = Feed(self.clip.frames), tuple(self.other.parameters())
        loss = partial(self.loss_of, self.other)
        other = Player("other critic", parameters, self.options.batch, loss, self.optimiser(), feed)
        return critic, other, replace(generator, after=self.follow)

    def follow(self, iteration: Tensor) -> None:
        self.average.update(self.generator, iteration)

    def drawn(self, noise: Noise) -> Tensor:
        return self.labels(noise)

    def rendered(self, generator: nn.Module, noise: Noise, times: Times, labels: Tensor) -> Tensor:
        return generator(noise.normal("z", 6) + generator.get_submodule("classes")(labels), times, noise)

    def fakes(self, noise: Noise) -> Tensor:
        return self.rendered(self.generator, noise, self.clip.grid, self.labels(noise))

    def loss_of(self, critic: nn.Module, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        assert batch is not None
        with torch.no_grad():
            fakes = self.fakes(noise)
        return {"real": softplus(-critic(batch.clips)).mean(), "fake": softplus(critic(fakes)).mean()}

    def sample(self, noise: Noise, times: Times, labels: Tensor | None = None) -> Tensor:
        assert labels is not None
        return self.rendered(self.average.module, noise, times, labels)


class Floating(LabelledGame):
    def drawn(self, noise: Noise) -> Tensor:
        return self.labels(noise).int()


class Beyond(LabelledGame):
    def drawn(self, noise: Noise) -> Tensor:
        return self.labels(noise) + 1

    def sample(self, noise: Noise, times: Times, labels: Tensor | None = None) -> Tensor:
        assert labels is not None
        return super().sample(noise, times, labels.clamp(max=1))


class Counting(Beyond):
    """It is wrong where the training list is known, so in every run."""

    def drawn(self, noise: Noise) -> Tensor:
        return self.labels(noise) + bool(self.clip.class_videos)


class Single(LabelledGame):
    def drawn(self, noise: Noise) -> Tensor:
        return 0 * self.labels(noise)


class Positional(LabelledGame):
    def drawn(self, noise: Noise) -> Tensor:
        return torch.arange(len(noise.rows)) % 2


class Entangled(LabelledGame):
    def drawn(self, noise: Noise) -> Tensor:
        return (noise.normal("z", 1)[:, 0] > 0).long()


class Deaf(LabelledGame):
    def sample(self, noise: Noise, times: Times, labels: Tensor | None = None) -> Tensor:
        assert labels is not None
        return super().sample(noise, times, 0 * labels)


class Flipped(LabelledGame):
    def sample(self, noise: Noise, times: Times, labels: Tensor | None = None) -> Tensor:
        assert labels is not None
        return super().sample(noise, times, labels.flip(0))


class Restless(LabelledGame):
    """Its average follows in the loss."""

    def generator_loss(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        with torch.no_grad():
            for p in self.average.parameters():
                p.mul_(0.999)
        return super().generator_loss(batch, noise)


class Carrying(LabelledGame):
    """Its optimiser moves the average."""

    def optimiser(self) -> Callable[..., torch.optim.Optimizer]:
        average = self.average

        class Adam(torch.optim.Adam):
            def step(self, closure: Any = None) -> Any:
                done = super().step(closure)
                with torch.no_grad():
                    for p in average.parameters():
                        p.mul_(0.999)
                return done

        return partial(Adam, lr=1e-3)


class Tallying(LabelledGame):
    """Its loss keeps a statistic of the batch."""

    def __init__(self, clip: Clip, options: Any, temporal: nn.Module) -> None:
        super().__init__(clip, options, temporal)
        self.critic.register_buffer("brightness", torch.zeros(()))

    def critic_loss(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        assert batch is not None
        self.critic.get_buffer("brightness").lerp_(batch.clips.mean(), 0.1)
        return super().critic_loss(batch, noise)


class Hidden(LabelledGame):
    """Its average is in no part, and begins with the first iteration."""

    kept: nn.Module | None = None

    def follow(self, iteration: Tensor) -> None:
        super().follow(iteration)
        if self.kept is None:
            self.kept = deepcopy(self.generator).eval()
        for mine, its in zip(self.kept.parameters(), self.generator.parameters(), strict=True):
            mine.lerp_(its, 0.5)

    def sample(self, noise: Noise, times: Times, labels: Tensor | None = None) -> Tensor:
        assert labels is not None
        return self.rendered(self.kept or self.generator, noise, times, labels)
