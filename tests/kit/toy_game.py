"""A game of two tiny players, and clips to play it with: enough to exercise the trainer in milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn

from vidgen_bench.api import Batch, Feed, Game, Player, Times
from vidgen_bench.noise import Noise, key_of, training_noise

ROWS = 8
FRAMES, SIZE = 4, 4


class Clips:
    """Real clips as a function of (player, position): a slowly moving ramp plus noise."""

    def batch(self, name: str, feed: Feed, position: int, rows: int, rank: int = 0, world: int = 1) -> Batch:
        noise = training_noise(torch.tensor(key_of(1, name, position)), rows, rank, world)
        clips = noise.normal("clips", 3, feed.frames, SIZE, SIZE) * 0.3
        return Batch(clips, noise.integers("labels", 2))


class Generator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(5, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3 * FRAMES * SIZE * SIZE), nn.Tanh()
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.body(z).view(-1, 3, FRAMES, SIZE, SIZE)


class Discriminator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv3d(3, 8, 3, padding=1), nn.BatchNorm3d(8), nn.LeakyReLU(0.2), nn.Flatten(), nn.LazyLinear(1)
        )
        self.body(torch.zeros(2, 3, FRAMES, SIZE, SIZE))

    def forward(self, clips: Tensor) -> Tensor:
        return self.body(clips)[:, 0]


def game(seed: int = 0, turns: int = 1, explode_at: int | None = None, rate: float = 1e-2) -> Game:
    """Return the toy; ``explode_at`` makes the generator's loss infinite from that iteration on."""
    torch.manual_seed(seed)
    g, d = Generator(), Discriminator()
    g.register_buffer("iterations", torch.zeros(()))

    def d_loss(batch: Batch | None, noise: Noise) -> Mapping[str, Tensor]:
        assert batch is not None
        with torch.no_grad():
            fake = g(noise.normal("z", 5))
        return {"real": nn.functional.softplus(-d(batch.clips)).mean(), "fake": nn.functional.softplus(d(fake)).mean()}

    def g_loss(batch: Batch | None, noise: Noise) -> Mapping[str, Tensor]:
        loss = nn.functional.softplus(-d(g(noise.normal("z", 5)))).mean()
        if explode_at is not None:
            loss = loss / (g.get_buffer("iterations") < explode_at).float()
        return {"fake": loss}

    def after(iteration: Tensor) -> None:
        g.get_buffer("iterations").add_(1.0)

    def sample(noise: Noise, times: Times) -> Tensor:
        return g(noise.normal("z", 5))

    adam = partial(torch.optim.Adam, lr=rate)
    return Game(
        {"generator": g, "discriminator": d},
        (
            Player("discriminator", tuple(d.parameters()), ROWS, d_loss, adam, Feed(FRAMES), turns=turns),
            Player(
                "generator", tuple(g.parameters()), ROWS, g_loss, adam, schedule=lambda i: 1.0 / (1 + i), after=after
            ),
        ),
        sample,
    )
