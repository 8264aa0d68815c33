"""The probe of a training iteration: at most 20 iterations, and what follows every few of them is spread over them."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from tests.kit import toy_game
from vidgen_bench.api import Game, Player
from vidgen_bench.experiments.estimate.stopwatch import Stopwatch
from vidgen_bench.experiments.estimate.training_probe import MOST_ITERATIONS, PlainClips, TrainingProbe

CPU = torch.device("cpu")


class Clock:
    """Stands still, except when work says that it took time."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def slow(clock: Clock, *, turn: float, after: float, every: int) -> tuple[Game, list[str]]:
    """Return the toy game, whose generator takes these seconds by the clock, and the calls of its loss and of what follows."""
    game, calls = toy_game.game(), list[str]()

    def changed(player: Player) -> Player:
        if player.after is None:
            return player
        loss = player.loss

        def timed_loss(batch, noise):
            calls.append("turn")
            clock.now += turn
            return loss(batch, noise)

        def timed_after(iteration):
            calls.append("after")
            clock.now += after

        return dataclasses.replace(player, loss=timed_loss, after=timed_after, every=every)

    return dataclasses.replace(game, players=tuple(map(changed, game.players))), calls


@pytest.mark.parametrize(("turn", "iterations"), [(0.01, MOST_ITERATIONS), (100.0, 5)])
def test_an_iteration_is_its_turns_and_its_share_of_what_follows(turn: float, iterations: int) -> None:
    clock = Clock()
    game, calls = slow(clock, turn=turn, after=5.0, every=10)
    costs = TrainingProbe(game, PlainClips(toy_game.SIZE, 2, CPU), 0, Stopwatch(CPU, clock)).measure()
    assert costs.iteration == pytest.approx(turn + 5.0 / 10)
    assert costs.first == pytest.approx(0.0)
    assert calls.count("turn") == iterations <= 20
    assert costs.clips == toy_game.ROWS
    assert costs.flops > 1000
    assert (
        costs.checkpoint_bytes > costs.weights_bytes > 4 * sum(p.numel() for p in game.parts["generator"].parameters())
    )
