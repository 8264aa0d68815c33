"""Train a game for a few iterations: weights that start at zero (a gate, a last layer) hide their inputs until then."""

from __future__ import annotations

from vidgen_bench.api import Game
from vidgen_bench.conformance.checks.step import Optimisers, train_iteration
from vidgen_bench.conformance.game_state import training_mode
from vidgen_bench.conformance.subject import Subject

ROUNDS = 3


def warm_up(subject: Subject) -> Game:
    """Build a game, train it for a few iterations, and return it in training mode."""
    game = training_mode(subject.game())
    optimisers = Optimisers(game)
    for iteration in range(ROUNDS):
        train_iteration(game, subject.composition.clip, optimisers, iteration)
    return training_mode(game)
