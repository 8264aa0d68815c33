"""Training iterations at the reduced size, turn by turn as the trainer plays them."""

from __future__ import annotations

import math

import torch

from vidgen_bench.api import Clip, Game, Player
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import clips_for, listed, names, training, turn_noise
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.training.step import take_turn

ROUNDS = 2


class Optimisers:
    """One optimiser a player, as the trainer keeps them."""

    def __init__(self, game: Game) -> None:
        self.of = {player.name: player.optimiser(player.parameters) for player in game.players}


def step(subject: Subject) -> None:
    """Ask that two iterations can be played and leave losses and parameters finite."""
    game, clip = training(subject.game()), subject.composition.clip
    optimisers = Optimisers(game)
    for iteration in range(ROUNDS):
        losses = play_iteration(game, clip, optimisers, iteration)
        broken = [name for name, value in losses.items() if not math.isfinite(value)]
        demand(not broken, f"expected finite losses in iteration {iteration}: {listed(broken)} is not")
        name_of = names(game.parts)
        bad = [
            name_of[id(p)] for part in game.parts.values() for p in part.parameters() if not bool(p.isfinite().all())
        ]
        demand(not bad, f"expected finite parameters after iteration {iteration}: {len(bad)} are not ({listed(bad)})")


def play_iteration(game: Game, clip: Clip, optimisers: Optimisers, iteration: int) -> dict[str, float]:
    """Play every player in order, each its turns, then ``after``; return the losses of the last turns by name."""
    losses: dict[str, float] = {}
    for player in game.players:
        rate = _rate(player, iteration)
        for turn in range(player.turns):
            noise = turn_noise(player, key=iteration * player.turns + turn)
            batch, optimiser = clips_for(player, clip), optimisers.of[player.name]
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
        f"expected the schedule of player {player.name!r} to give a factor of at least 0 on the learning rate: at iteration "
        f"{iteration} it gives {rate!r}",
    )
    return rate
