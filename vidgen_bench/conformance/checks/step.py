"""Training iterations at the reduced size, in the order of the trainer."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from vidgen_bench.api import Clip, Game, Player
from vidgen_bench.conformance.comparison import abbreviated
from vidgen_bench.conformance.game_inputs import clips_for, turn_noise
from vidgen_bench.conformance.game_state import parameter_names, training_mode
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.training.step import take_turn

ROUNDS, WARM_UP_ROUNDS = 2, 3


def check_step(subject: Subject) -> None:
    """Check that losses and parameters are finite after two training iterations."""
    game, clip = training_mode(subject.game()), subject.composition.clip
    for iteration, losses in enumerate(_train(game, clip, ROUNDS)):
        broken = [name for name, value in losses.items() if not math.isfinite(value)]
        demand(not broken, f"expected finite losses in iteration {iteration}: not finite: {abbreviated(broken)}")
        name_of = parameter_names(game.parts)
        bad = [
            name_of[id(p)] for part in game.parts.values() for p in part.parameters() if not bool(p.isfinite().all())
        ]
        demand(
            not bad, f"expected finite parameters after iteration {iteration}: {len(bad)} are not ({abbreviated(bad)})"
        )


def warm_up(subject: Subject) -> Game:
    """Return a game trained for a few iterations: weights that start at zero (a gate, a last layer) hide their inputs until then."""
    game = training_mode(subject.game())
    list(_train(game, subject.composition.clip, WARM_UP_ROUNDS))
    return training_mode(game)


def _train(game: Game, clip: Clip, iterations: int) -> Iterator[dict[str, float]]:
    """Run the turns of every player in order, then ``after``; yield the losses of each iteration's last turns by name."""
    optimisers = {player.name: player.optimiser(player.parameters) for player in game.players}
    for iteration in range(iterations):
        losses: dict[str, float] = {}
        for player in game.players:
            rate = _rate(player, iteration)
            for turn in range(player.turns):
                noise = turn_noise(player, key=iteration * player.turns + turn)
                optimiser = optimisers[player.name]
                terms = take_turn(player, optimiser, clips_for(player, clip), noise, rate, lambda grads: grads)
                losses |= {f"{player.name}.{name}": float(term) for name, term in terms.items()}
        for player in game.players:
            if player.after is not None and iteration % player.every == 0:
                with torch.no_grad():
                    player.after(torch.tensor(iteration))
        yield losses


def _rate(player: Player, iteration: int) -> float:
    rate = player.schedule(iteration)
    demand(
        isinstance(rate, int | float) and math.isfinite(rate) and rate >= 0.0,
        f"expected the schedule of player {player.name!r} to return a learning-rate factor of at least 0: at iteration "
        f"{iteration} it returns {rate!r}",
    )
    return rate
