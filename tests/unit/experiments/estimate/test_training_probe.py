"""The probe of a training iteration: at most 20 iterations, and what follows every few of them is spread over them."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from tests.kit import toy_game
from tests.kit.recorded_graph import record_graphs
from vidgen_bench.api import Game, Player
from vidgen_bench.errors import PluginError, VidgenBenchError
from vidgen_bench.experiments.estimate.stopwatch import Stopwatch
from vidgen_bench.experiments.estimate.training_probe import MOST_ITERATIONS, PlainClips, TrainingProbe
from vidgen_bench.training.captured_turn import WARM_UPS

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
    reported: list[tuple[int, int]] = []
    costs = TrainingProbe(game, PlainClips(toy_game.SIZE, 2, CPU), 0, Stopwatch(CPU, clock)).measure(
        lambda what, done, total: reported.append((done, total))
    )
    assert costs.iteration == pytest.approx(turn + 5.0 / 10)
    assert costs.first == pytest.approx(0.0)
    assert calls.count("turn") == iterations <= 20
    assert reported[-1] == (MOST_ITERATIONS, MOST_ITERATIONS)
    assert len(reported) == iterations  # all but the first, and the end
    assert costs.clips == toy_game.ROWS
    assert costs.flops > 1000
    assert (
        costs.checkpoint_bytes > costs.weights_bytes > 4 * sum(p.numel() for p in game.parts["generator"].parameters())
    )


def probe_of(game: Game, **changes) -> TrainingProbe:
    """Return a probe of a game whose generator has these changes."""
    players = tuple(dataclasses.replace(p, **changes) if p.after is not None else p for p in game.players)
    game = dataclasses.replace(game, players=players)
    return TrainingProbe(game, PlainClips(toy_game.SIZE, 2, CPU), 0, Stopwatch(CPU))


def quiet(what: str, done: int, total: int) -> None:
    pass


def ill_conditioned(iteration: torch.Tensor) -> None:
    raise torch.linalg.LinAlgError("ill-conditioned")


@pytest.mark.parametrize("changes", [{}, {"after": ill_conditioned}])
def test_a_game_that_diverges_is_refused_with_the_reason(changes) -> None:
    probe = probe_of(toy_game.game(explode_at=0), **changes)
    with pytest.raises(VidgenBenchError, match=r"diverged: a weight was not finite after \d+ iterations"):
        probe.measure(quiet)


def test_an_error_with_finite_weights_keeps_its_own_message() -> None:
    with pytest.raises(torch.linalg.LinAlgError, match="ill-conditioned"):
        probe_of(toy_game.game(), after=ill_conditioned).measure(quiet)


def test_a_loss_that_draws_global_random_numbers_is_refused_as_in_a_run() -> None:
    game = toy_game.game()
    weight = next(p for p in game.players if p.after is not None).parameters

    def loss(batch, noise):
        return {"x": torch.stack([p.square().sum() for p in weight]).sum() * torch.rand(())}

    with torch.random.fork_rng(devices=[]), pytest.raises(PluginError, match="global random numbers"):
        probe_of(game, loss=loss).measure(quiet)


def test_a_device_with_graphs_is_measured_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = record_graphs(monkeypatch)
    probe_of(toy_game.game()).measure(quiet)
    assert [(graph.warmed, graph.captured) for graph in graphs] == [(WARM_UPS, 1)] * 2
    assert all(graph.replayed == MOST_ITERATIONS - 1 - WARM_UPS for graph in graphs)
