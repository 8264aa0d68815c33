"""A small MoCoGAN around a GRU cell, and what its players are given: for tests of this backbone alone."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from vidgen_backbones.mocogan import MoCoGAN, MoCoGANOptions

from vidgen_bench.api import Batch, Clip, Game, LatentSpec, Player, Times
from vidgen_bench.noise import Noise, key_of, training_noise

SMALL, CHOSEN = MoCoGAN().small
FULL = Clip(frames=16, size=64, classes=101)


class Cell(nn.Module):
    """A GRU cell driven with fresh noise: MoCoGAN's own, in ten lines, so that no other plugin is needed."""

    def __init__(self, spec: LatentSpec) -> None:
        super().__init__()
        self.cell = nn.GRUCell(spec.source, spec.source)

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        path = [z0]
        for x in noise.normal("drive", len(times), z0.shape[1]).unbind(1):
            path.append(self.cell(x, path[-1]))
        return torch.stack(path[1:], dim=1)


def options(**chosen: Any) -> MoCoGANOptions:
    return MoCoGANOptions(**{**CHOSEN, **chosen})


def build(chosen: MoCoGANOptions, clip: Clip = SMALL) -> Game:
    assert MoCoGAN().refuses(clip, chosen) is None
    torch.manual_seed(0)
    return MoCoGAN().build(clip, chosen, Cell(MoCoGAN().latent(clip, chosen)))


def turn_noise(rows: int, key: int = 1, rank: int = 0, world: int = 1) -> Noise:
    return training_noise(torch.tensor(key_of(key, "test")), rows, rank, world)


def real(player: Player, clip: Clip = SMALL) -> Batch | None:
    if player.feed is None:
        return None
    shape = (player.batch, clip.channels, player.feed.frames, clip.size, clip.size)
    clips = torch.rand(shape, generator=torch.Generator().manual_seed(5)) * 2 - 1
    return Batch(clips, torch.arange(player.batch) % clip.classes)


def terms_of(game: Game, key: int = 1) -> dict[str, dict[str, Tensor]]:
    return {p.name: dict(p.loss(real(p), turn_noise(p.batch, key))) for p in game.players}
