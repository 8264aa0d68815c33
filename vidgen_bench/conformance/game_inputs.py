"""How a check plays a game: clips to train on, noise by key, the mode of the parts, and their state put back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from vidgen_bench.api import Batch, Clip, Game, LatentSpec, Player, Times
from vidgen_bench.noise import Noise, key_of, sampling_noise, training_noise

PURPOSE = "conformance"

States = Mapping[str, Mapping[str, Tensor]]


def clips_for(player: Player, clip: Clip) -> Batch | None:
    """Return clips of the player's feed, uniform in [-1, 1), and their classes; None where it has no feed."""
    if player.feed is None:
        return None
    generator = torch.Generator().manual_seed(player.feed.frames)
    shape = (player.batch, clip.channels, player.feed.frames, clip.size, clip.size)
    return Batch(2.0 * torch.rand(shape, generator=generator) - 1.0, torch.arange(player.batch) % clip.classes)


def turn_noise(player: Player, key: int = 0) -> Noise:
    """Return the noise of one of the player's turns."""
    return training_noise(torch.tensor(key_of(key, PURPOSE, player.name)), player.batch)


def row_noise(rows: Sequence[int]) -> Noise:
    """Return the noise of the samples with these indices."""
    return sampling_noise(0, PURPOSE, torch.tensor(rows))


def start(latent: LatentSpec, noise: Noise) -> Tensor:
    """Return z_0 [N, source]: noise entries by the prior, the condition uniform in (-1, 1)."""
    drawn = (
        noise.normal("z", latent.source) if latent.prior == "normal" else 2.0 * noise.uniform("z", latent.source) - 1.0
    )
    condition = 2.0 * noise.uniform("condition", latent.source) - 1.0
    return torch.cat([drawn[:, : latent.noise], condition[:, latent.noise :]], dim=1)


def training(game: Game) -> Game:
    """Return the game, its parts in training mode."""
    for part in game.parts.values():
        part.train()
    return game


def evaluating(game: Game) -> Game:
    """Return the game, its parts in evaluation mode."""
    for part in game.parts.values():
        part.eval()
    return game


@torch.no_grad()
def lively(game: Game, clip: Clip) -> Game:
    """Return the game in evaluation mode, its batch normalisation with the statistics of a batch of its own samples.

    With the statistics that it is built with, a fresh renderer may give nearly the same frame for every latent, and a check of its
    pixels would see nothing.
    """
    layers = [m for part in game.parts.values() for m in part.modules() if isinstance(m, _BatchNorm)]
    usual = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 1.0
    training(game).sample(row_noise(range(100, 102)), clip.grid)
    for layer, momentum in zip(layers, usual, strict=True):
        layer.momentum = momentum
    return evaluating(game)


@torch.no_grad()
def sample(game: Game, rows: Sequence[int], times: Times) -> Tensor:
    """Return the samples with these indices, [N, C, T, H, W]."""
    return game.sample(row_noise(rows), times)


def total(terms: Mapping[str, Tensor]) -> Tensor:
    """Return the sum of a loss's terms."""
    return torch.stack([term.float() for term in terms.values()]).sum()


def states(game: Game) -> States:
    """Return a copy of every part's state."""
    return {name: {k: v.clone() for k, v in part.state_dict().items()} for name, part in game.parts.items()}


def put_back(game: Game, kept: States) -> None:
    """Put a copy of the states back."""
    for name, part in game.parts.items():
        part.load_state_dict(kept[name])


def names(parts: Mapping[str, nn.Module]) -> dict[int, str]:
    """Return ``{id(parameter): "generator.temporal.f.0.weight"}``."""
    return {id(p): f"{part}.{name}" for part, module in parts.items() for name, p in module.named_parameters()}


def listed(words: Sequence[str], most: int = 3) -> str:
    """Return the first few of many names."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def difference(a: Tensor, b: Tensor) -> float:
    """Return the largest absolute difference, 0 where both are not numbers, infinite for other shapes."""
    if a.shape != b.shape:
        return float("inf")
    apart = (a.double() - b.double()).abs()
    apart = torch.where((a == b) | (a.isnan() & b.isnan()), torch.zeros_like(apart), apart)
    return float(apart.nan_to_num(nan=float("inf")).max()) if apart.numel() else 0.0


def same(a: Tensor, b: Tensor) -> bool:
    """Return whether two tensors are equal to the bit."""
    return a.shape == b.shape and a.dtype == b.dtype and difference(a, b) == 0.0
