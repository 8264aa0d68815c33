"""The games of the backbones in hidden_backbones.py."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from tests.kit.wrong.games import TinyGame
from vidgen_bench.api import Batch, Clip
from vidgen_bench.noise import Noise


class Largest(TinyGame):
    def mean(self, values: Tensor) -> Tensor:
        return values.mean() + 0.1 * values.max()


class Squared(TinyGame):
    def generator_loss(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        return {"match": (self.critic(self.fakes(noise)).mean(dim=0) - 0.1).square().mean()}


class Editing(TinyGame):
    def critic_loss(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        assert batch is not None
        batch.clips.clamp_(-0.5, 0.5)
        return super().critic_loss(batch, noise)


class Silent(TinyGame):
    def __init__(self, clip: Clip, options: Any, temporal: nn.Module) -> None:
        super().__init__(clip, options, temporal)
        self.generator.register_buffer("z", torch.randn(options.batch, 6))

    def fakes(self, noise: Noise) -> Tensor:
        z = self.generator.get_buffer("z")[: len(noise.rows)]
        return self.generator(z.repeat(len(noise.rows) // len(z), 1), self.clip.grid, noise)
