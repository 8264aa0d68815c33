"""Training iterations at the reduced size, in the order of the trainer."""

from __future__ import annotations

import math

import torch

from vidgen_bench.api import Clip, Game, Player
from vidgen_bench.conformance.comparison import abbreviated
from vidgen_bench.conformance.game_inputs import clips_for, turn_noise
from vidgen_bench.conformance.game_state import parameter_names, training_mode
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.training.step import take_turn

ROUNDS = 2


class Optimisers:
    """One optimiser per player, as in the trainer."""

    def __init__(self, game: Game) -> None:
        self.by_player = {player.name: player.optimiser(player.parameters) for player in game.players}


def check_step(subject: Subject) -> None:
    """Check that losses and parameters are finite after two training iterations."""
    game, clip = training_mode(subject.game()), subject.composition.clip
    optimisers = Optimisers(game)
    for iteration in range(ROUNDS):
        losses = train_iteration(game, clip, optimisers, iteration)
        broken = [name for name, value in losses.items() if not math.isfinite(value)]
        demand(not broken, f"expected finite losses in iteration {iteration}: not finite: {abbreviated(broken)}")
        name_of = parameter_names(game.parts)
        bad = [
            name_of[id(p)] for part in game.parts.values() for p in part.parameters() if not bool(p.isfinite().all())
        ]
        demand(
            not bad, f"expected finite parameters after iteration {iteration}: {len(bad)} are not ({abbreviated(bad)})"
        )


def train_iteration(game: Game, clip: Clip, optimisers: Optimisers, iteration: int) -> dict[str, float]:
    """Run the turns of every player in order, then ``after``; return the losses of the last turns by name."""
    losses: dict[str, float] = {}
    for player in game.players:
        rate = _rate(player, iteration)
        for turn in range(player.turns):
            noise = turn_noise(player, key=iteration * player.turns + turn)
            batch, optimiser = clips_for(player, clip), optimisers.by_player[player.name]
            terms = take_turn(player, optimiser, batch, noise, rate, lambda grads: grads)
            losses |= {f"{player.name}.{name}": float(term) for name, term in terms.items()}
    for player in game.players:
        if player.after is not None and iteration % player.every == 0:
            with torch.no_grad():
                player.after(torch.tensor(iteration))
    return losses


def _rate(player: Player, iteration: int) -> float:
    rate = player.schedule(iteration)
    demand(
        isinstance(rate, int | float) and math.isfinite(rate) and rate >= 0.0,
        f"expected the schedule of player {player.name!r} to return a learning-rate factor of at least 0: at iteration "
        f"{iteration} it returns {rate!r}",
    )
    return rate
