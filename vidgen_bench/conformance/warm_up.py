"""A game after a few iterations: weights that start at zero (a gate, a last layer) hide what they multiply until they have moved."""

from __future__ import annotations

from vidgen_bench.api import Game
from vidgen_bench.conformance.checks.step import Optimisers, play_iteration
from vidgen_bench.conformance.play import training
from vidgen_bench.conformance.subject import Subject

ROUNDS = 3


def warmed(subject: Subject) -> Game:
    """Return a game built anew and played for a few iterations, in training mode."""
    game = training(subject.game())
    optimisers = Optimisers(game)
    for iteration in range(ROUNDS):
        play_iteration(game, subject.composition.clip, optimisers, iteration)
    return training(game)
