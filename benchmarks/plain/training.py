"""One iteration after the other, each player's loss and step written out: what both plain models share."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from benchmarks.plain.temporal import plain_path
from vidgen_bench.api import Batch, Game, Player
from vidgen_bench.compose.composition import Composition
from vidgen_bench.noise import Noise, key_of, training_noise

Losses = dict[str, float]


class Plain(ABC):
    """Trains a copy of a game's modules."""

    def __init__(
        self,
        composition: Composition,
        game: Game,
        streams: dict[str, Iterator[Batch]],
        device: torch.device,
        adjoint: bool = True,
    ) -> None:
        self.parts = {name: _plain_copy(part).to(device).train() for name, part in game.parts.items()}
        self.composition, self.frames = composition, composition.clip.frames
        self.path = plain_path(self.parts["generator"].temporal, self.frames, adjoint)
        self._players = {p.name: p for p in game.players}
        self._optimisers = {p.name: p.optimiser(tuple(self.parts[p.name].parameters())) for p in game.players}
        self._streams, self._device, self._iteration = streams, device, 0

    def iterate(self) -> Losses:
        """Play one iteration and return its losses."""
        losses: Losses = {}
        for name, player in self._players.items():
            terms = self._turn(name, player)
            losses |= {f"{name}.{key}": value.item() for key, value in terms.items()}
        self.after(self._iteration)
        self._iteration += 1
        return losses

    def _turn(self, name: str, player: Player) -> dict[str, Tensor]:
        batch = next(self._streams[name]) if player.feed else None
        key = torch.tensor(key_of(0, "train", name, self._iteration), device=self._device)
        self._optimisers[name].zero_grad()
        terms = self.losses(name, batch, training_noise(key, player.batch))
        sum(terms.values(), torch.zeros((), device=self._device)).backward()
        self._optimisers[name].step()
        return terms

    @abstractmethod
    def losses(self, name: str, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        """Return the loss terms of a player."""

    @abstractmethod
    def after(self, iteration: int) -> None:
        """Do what follows the turns of an iteration."""


def _plain_copy(part: nn.Module) -> nn.Module:
    """Return a copy whose weights have the default layout."""
    copied = copy.deepcopy(part)
    for parameter in copied.parameters():
        parameter.data = parameter.data.contiguous()
    return copied
