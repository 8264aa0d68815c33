"""One turn: gradients of the player's own parameters, the schedule, and refusals of losses that break the contract."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from tests.kit import toy_game
from vidgen_bench.api import Feed, Player
from vidgen_bench.errors import PluginError
from vidgen_bench.noise import key_of, training_noise
from vidgen_bench.training.step import gradients, take_turn


def noise(position: int = 0):
    return training_noise(torch.tensor(key_of(0, position)), toy_game.ROWS)


def batch(player: Player):
    return toy_game.Clips().batch(player.name, player.feed or Feed(toy_game.FRAMES), 0, toy_game.ROWS)


def test_gradients_are_those_of_backward():
    player = toy_game.game().players[0]
    other = toy_game.game().players[0]
    terms, grads = gradients(player, batch(player), noise())
    loss = sum(other.loss(batch(other), noise()).values())
    loss.backward()
    assert set(terms) == {"real", "fake"}
    for parameter, grad in zip(other.parameters, grads, strict=True):
        torch.testing.assert_close(grad, parameter.grad)


def test_a_turn_moves_only_its_player():
    game = toy_game.game()
    d, g = game.players
    before = [p.detach().clone() for p in g.parameters]
    moved = [p.detach().clone() for p in d.parameters]
    take_turn(d, d.optimiser(d.parameters), batch(d), noise(), 1.0, lambda grads: grads)
    assert all(torch.equal(a, b) for a, b in zip(before, g.parameters, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(moved, d.parameters, strict=True))
    assert all(p.grad is None for p in (*d.parameters, *g.parameters))


def test_the_schedule_scales_the_optimisers_own_rate():
    d = toy_game.game().players[0]
    optimiser = torch.optim.SGD(d.parameters, lr=0.5)
    for rate in (1.0, 0.25, 0.25):
        take_turn(d, optimiser, batch(d), noise(), rate, lambda grads: grads)
        assert optimiser.param_groups[0]["lr"] == 0.5 * rate


def test_a_parameter_that_gets_no_gradient_is_the_plugins_fault():
    game = toy_game.game()
    idle = torch.nn.Parameter(torch.zeros(1))
    player = dataclasses.replace(game.players[0], parameters=(*game.players[0].parameters, idle))
    with pytest.raises(PluginError, match="does not reach every parameter"):
        gradients(player, batch(player), noise())


@pytest.mark.parametrize(
    ("loss", "message"), [(lambda b, n: {}, "named terms"), (lambda b, n: {"x": torch.ones(3)}, r"shape \(3,\)")]
)
def test_a_loss_of_another_form_is_refused(loss, message):
    player = dataclasses.replace(toy_game.game().players[0], loss=loss)
    with pytest.raises(PluginError, match=message):
        gradients(player, None, noise())
