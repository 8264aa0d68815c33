"""A game in a check: its mode, its samples, its parameters' names, and a copy of its state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from vidgen_bench.api import Clip, Game, Times
from vidgen_bench.conformance.game_inputs import row_noise

States = Mapping[str, Mapping[str, Tensor]]


def training_mode(game: Game) -> Game:
    """Put every part into training mode and return the game."""
    for part in game.parts.values():
        part.train()
    return game


def evaluation_mode(game: Game) -> Game:
    """Put every part into evaluation mode and return the game."""
    for part in game.parts.values():
        part.eval()
    return game


@torch.no_grad()
def calibrate_batch_norm(game: Game, clip: Clip) -> Game:
    """Set the batch normalisation to the statistics of a batch of samples; return the game in evaluation mode.

    With its initial statistics, a new renderer may give nearly the same frame for every latent, which would hide differences between
    samples.
    """
    layers = [m for part in game.parts.values() for m in part.modules() if isinstance(m, _BatchNorm)]
    usual = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 1.0
    training_mode(game).draw(row_noise(range(100, 102)), clip.grid)
    for layer, momentum in zip(layers, usual, strict=True):
        layer.momentum = momentum
    return evaluation_mode(game)


@torch.no_grad()
def sample_clips(game: Game, rows: Sequence[int], times: Times) -> Tensor:
    """Return the samples with these indices, [N, C, T, H, W]."""
    return game.draw(row_noise(rows), times)


def total_loss(terms: Mapping[str, Tensor]) -> Tensor:
    """Return the sum of the terms of a loss."""
    return torch.stack([term.float() for term in terms.values()]).sum()


def copy_states(game: Game) -> States:
    """Return a copy of every part's state."""
    return {name: {k: v.clone() for k, v in part.state_dict().items()} for name, part in game.parts.items()}


def copy_parameters(game: Game) -> dict[int, Tensor]:
    """Return a copy of every parameter, trained or frozen, by its id."""
    return {id(p): p.detach().clone() for part in game.parts.values() for p in part.parameters()}


def restore_states(game: Game, kept: States) -> None:
    """Load the states into the parts."""
    for name, part in game.parts.items():
        part.load_state_dict(kept[name])


def parameter_names(parts: Mapping[str, nn.Module]) -> dict[int, str]:
    """Return ``{id(parameter): "generator.temporal.f.0.weight"}``."""
    return {id(p): f"{part}.{name}" for part, module in parts.items() for name, p in module.named_parameters()}
