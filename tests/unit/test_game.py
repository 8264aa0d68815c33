"""A game draws samples of the classes that it is given, or of classes that it draws itself."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from tests.kit import toy_game
from vidgen_bench.errors import RequestError
from vidgen_bench.noise import sampling_noise

NOISE = sampling_noise(0, "test", torch.arange(5))


def test_a_game_without_classes_refuses_them() -> None:
    game = toy_game.game()
    assert torch.equal(game.draw(NOISE, (0.0,)), game.sample(NOISE, (0.0,)))
    with pytest.raises(RequestError, match="not class-conditional"):
        game.draw(NOISE, (0.0,), torch.zeros(5, dtype=torch.int64))


def test_a_class_conditional_game_draws_the_classes_that_it_is_not_given() -> None:
    game = dataclasses.replace(
        toy_game.game(), sample=lambda noise, times, labels: labels, labels=lambda noise: noise.integers("class", 3)
    )
    given = torch.tensor([2, 2, 0, 1, 1])
    assert torch.equal(game.draw(NOISE, (0.0,)), NOISE.integers("class", 3))
    assert torch.equal(game.draw(NOISE, (0.0,), given), given)
