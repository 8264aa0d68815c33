"""One key and one state, one loss; another key, another loss."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vidgen_bench.api import Game, Player
from vidgen_bench.conformance.draws import RecordedNoise, drawn_by
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import clips_for, put_back, same, states, training, turn_noise
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.conformance.warming import warmed

STATE = "Everything with state belongs into a module of game.parts, as a parameter or a buffer."
DRAW = "Draw z from the noise that the loss is given."


@dataclass(frozen=True)
class Losses:
    """The terms of a player's loss under one key, again under it, and under another."""

    player: str
    first: Tensor
    again: Tensor
    other: Tensor
    drawn: bool
    """Whether the loss takes anything from its noise."""

    @property
    def blind(self) -> bool:
        """Whether it draws, and the key changes nothing; a hinge at exactly 0 shows nothing either way."""
        return self.drawn and same(self.first, self.other) and bool(self.first.any())


def keys(subject: Subject) -> None:
    """Ask that a key decides a loss, of every player, and that it decides something."""
    game = training(subject.game())
    found = [_losses(subject, game, player) for player in subject.players(game)]
    for losses in found:
        demand(
            same(losses.first, losses.again),
            f"expected one key and one state to give player {losses.player!r} one loss: {_numbers(losses.first)}, then "
            f"{_numbers(losses.again)}. {STATE}",
        )
    demand(
        any(losses.drawn for losses in found), f"expected a loss to draw from the noise of its turn: none does. {DRAW}"
    )
    if any(losses.blind for losses in found):  # weights that start at zero get a few iterations
        game = warmed(subject)
        found = [_losses(subject, game, player) for player in subject.players(game)]
    for losses in found:
        demand(
            not losses.blind,
            f"expected another key to give player {losses.player!r} another loss: it is {_numbers(losses.first)} under both. {DRAW}",
        )


def _losses(subject: Subject, game: Game, player: Player) -> Losses:
    batch, before = clips_for(player, subject.composition.clip), states(game)
    given = batch and (batch.clips.clone(), batch.labels.clone())
    noise, found = drawn_by(RecordedNoise, turn_noise(player)), []
    for turn in (noise, turn_noise(player), turn_noise(player, key=1)):
        put_back(game, before)
        terms = player.loss(batch, turn)
        found.append(torch.stack([t.detach().double() for t in terms.values()]))
        if batch and given:
            demand(
                same(batch.clips.detach(), given[0]) and same(batch.labels, given[1]),
                f"expected the loss of player {player.name!r} to leave the clips that it is given as they were: it changes them in "
                "place. Work on a copy.",
            )
    put_back(game, before)
    first, again, other = found
    return Losses(player.name, first, again, other, drawn=bool(noise.book))


def _numbers(values: Tensor) -> str:
    return ", ".join(f"{v:.9g}" for v in values.tolist())
