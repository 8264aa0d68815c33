"""One key and one state give one loss; another key gives another loss."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vidgen_bench.api import Game, Player
from vidgen_bench.conformance.checks.step import warm_up
from vidgen_bench.conformance.comparison import bitwise_equal
from vidgen_bench.conformance.game_inputs import clips_for, turn_noise
from vidgen_bench.conformance.game_state import copy_states, restore_states, training_mode
from vidgen_bench.conformance.noise_variants import RecordedNoise, convert_noise
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.subject import Subject

STATE = "Keep all state in a module of game.parts, as a parameter or a buffer."
DRAW = "Draw z from the noise passed to the loss."


@dataclass(frozen=True)
class Losses:
    """The terms of a player's loss under one key, under the same key again, and under another key."""

    player: str
    first: Tensor
    again: Tensor
    other: Tensor
    drawn: bool
    """Whether the loss draws from its noise."""

    @property
    def ignores_key(self) -> bool:
        """Whether the loss draws numbers but the key has no effect; a hinge loss at exactly 0 proves nothing."""
        return self.drawn and bitwise_equal(self.first, self.other) and bool(self.first.any())


def check_keys(subject: Subject) -> None:
    """Check that the key alone determines every player's loss, and that the key has an effect."""
    game = training_mode(subject.game())
    found = [_losses(subject, game, player) for player in subject.players(game)]
    for losses in found:
        demand(
            bitwise_equal(losses.first, losses.again),
            f"expected one key and one state to give player {losses.player!r} one loss: it is {_numbers(losses.first)}, then "
            f"{_numbers(losses.again)}. {STATE}",
        )
    demand(
        any(losses.drawn for losses in found), f"expected a loss to draw from the noise of its turn: none does. {DRAW}"
    )
    if any(losses.ignores_key for losses in found):  # weights that start at zero need a few iterations
        game = warm_up(subject)
        found = [_losses(subject, game, player) for player in subject.players(game)]
    for losses in found:
        demand(
            not losses.ignores_key,
            f"expected another key to give player {losses.player!r} another loss: it is {_numbers(losses.first)} under both. {DRAW}",
        )


def _losses(subject: Subject, game: Game, player: Player) -> Losses:
    batch, before = clips_for(player, subject.composition.clip), copy_states(game)
    given = batch and (batch.clips.clone(), batch.labels.clone())
    noise, found = convert_noise(RecordedNoise, turn_noise(player)), []
    for turn in (noise, turn_noise(player), turn_noise(player, key=1)):
        restore_states(game, before)
        terms = player.loss(batch, turn)
        found.append(torch.stack([t.detach().double() for t in terms.values()]))
        if batch and given:
            demand(
                bitwise_equal(batch.clips.detach(), given[0]) and bitwise_equal(batch.labels, given[1]),
                f"expected the loss of player {player.name!r} to leave the clips passed to it unchanged: it modifies them in "
                "place. Work on a copy.",
            )
    restore_states(game, before)
    first, again, other = found
    return Losses(player.name, first, again, other, drawn=bool(noise.draws))


def _numbers(values: Tensor) -> str:
    return ", ".join(f"{v:.9g}" for v in values.tolist())
