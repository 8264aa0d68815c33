"""Turns as CUDA graphs train like turns that are not; graphs are recorded and replayed on a CPU here."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.kit import toy_game
from tests.kit.pairs import HOST
from tests.kit.recorded_graph import RecordedGraph, record_graphs
from tests.kit.toy_training import StopAt, make
from vidgen_bench.api import Batch, Feed, Game, Player
from vidgen_bench.compose.composition import compose
from vidgen_bench.conformance.small import small_track
from vidgen_bench.errors import Interrupted, PluginError, RequestError, VidgenBenchError
from vidgen_bench.noise import training_noise
from vidgen_bench.system.interrupt import Interrupt
from vidgen_bench.training.captured_turn import SWITCH, WARM_UPS, CapturedTurn, reason_against
from vidgen_bench.training.distributed import Process
from vidgen_bench.training.iteration import Iterations

CPU = torch.device("cpu")


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> list[RecordedGraph]:
    return record_graphs(monkeypatch)


class RandomClips:
    """Other clips in every turn."""

    def __init__(self, size: int) -> None:
        self._size = size

    def batch(self, name: str, feed: Feed, position: int, rows: int, rank: int = 0, world: int = 1) -> Batch:
        generator = torch.Generator().manual_seed(position)
        clips = torch.rand(rows, 3, feed.frames, self._size, self._size, generator=generator) * 2 - 1
        return Batch(clips, torch.arange(position, position + rows) % 3)


def falling(iteration: int) -> float:
    return 1.0 / (1 + iteration)


def trained(game: Game, clips: RandomClips, *, captured: bool, number: int = 7) -> tuple[dict, dict]:
    """Return the losses and the state of a game after some iterations, at a rate that falls in each."""
    game = replace(game, players=tuple(replace(p, schedule=falling) for p in game.players))
    iterations = Iterations(game, 3, CPU, Process())
    iterations.place_optimisers()
    for k in range(number):
        iterations.play(k, clips)
        if captured and k == 0:
            iterations.capture(witness := [])
            assert not witness
    return iterations.losses.sums, {name: part.state_dict() for name, part in game.parts.items()}


def equal(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(
        equal(one[k], other[k]) if isinstance(one[k], dict) else torch.equal(one[k], other[k]) for k in one
    )


def test_replays_give_the_losses_and_weights_of_turns_that_are_not_captured(graphs: list[RecordedGraph]) -> None:
    eager, captured = (trained(toy_game.game(), RandomClips(toy_game.SIZE), captured=c) for c in (False, True))
    assert equal(eager[0], captured[0])
    assert equal(eager[1], captured[1])
    assert [(g.warmed, g.captured, g.replayed) for g in graphs] == [(WARM_UPS, 1, 6 - WARM_UPS)] * 2


SPECS = ("tgan+ode1", "mocogan+sde", "tganv2+convlstm", "vgan", "dvd-gan+ode1", "moflowgan", "vdm-small")


@pytest.mark.slow
@pytest.mark.parametrize("spec", SPECS)
def test_first_party_pairs_train_alike_with_and_without_graphs(spec: str, graphs: list[RecordedGraph]) -> None:
    """TGANv2's penalty has second derivatives, MoCoGAN's generator two discriminators, TGAN's discriminator an ``after``."""
    found = []
    for captured in (False, True):
        composition = compose(spec, small_track(HOST.find("backbone", spec.split("+")[0])), {}, HOST)
        clips = RandomClips(composition.clip.size)
        found.append(trained(composition.build(0), clips, captured=captured, number=6))
    assert equal(found[0][0], found[1][0])
    assert equal(found[0][1], found[1][1])


def test_the_trainer_captures_after_the_first_iteration_and_when_it_resumes(graphs, tmp_path) -> None:
    interrupt = Interrupt()
    with pytest.raises(Interrupted):
        make(tmp_path, observer=StopAt(10, interrupt), interrupt=interrupt).run()
    assert [g.replayed for g in graphs] == [10 - 1 - WARM_UPS] * 2
    assert make(tmp_path).run().witness == []
    assert [g.replayed for g in graphs[2:]] == [24 - 10 - WARM_UPS] * 2


def test_a_loss_that_waits_is_not_captured_and_the_record_says_so(graphs, tmp_path) -> None:
    def waiting(player: Player) -> Player:
        def loss(batch, noise):
            terms = player.loss(batch, noise)
            assert float(next(iter(terms.values())).detach()) < 1e9
            return terms

        return replace(player, loss=loss)

    game = toy_game.game()
    game = replace(game, players=tuple(map(waiting, game.players)))
    progress = make(tmp_path, game=game, iterations=6).run()
    assert not graphs
    assert progress.witness[-1] == "trained without CUDA graphs: a loss waits for the device"


def captured_turn(loss, part: nn.Module) -> CapturedTurn:
    optimiser = torch.optim.Adam(part.parameters(), lr=torch.tensor(0.1), capturable=True)
    player = Player("d", tuple(part.parameters()), 2, loss, lambda p: optimiser)
    return CapturedTurn(player, optimiser, [part], RecordedGraph())


def turns(turn: CapturedTurn) -> None:
    for k in range(WARM_UPS + 1):
        turn.take(None, training_noise(torch.tensor(k), 2), 1.0)


def test_a_turn_that_cannot_be_captured_is_refused_with_the_way_out(graphs) -> None:
    part = nn.Linear(1, 1)

    def loss(batch, noise):
        value = part(noise.normal("z", 1)).mean()
        return {"x": value * float(value.detach())}

    with pytest.raises(PluginError, match=r"'d': .*cannot be captured .*not permitted.*VIDGEN_BENCH_GRAPHS=off"):
        turns(captured_turn(loss, part))


def test_a_graph_that_does_not_fit_names_the_switch(graphs, monkeypatch) -> None:
    def full(graph: RecordedGraph, work: object) -> None:
        raise torch.OutOfMemoryError("no")

    monkeypatch.setattr(RecordedGraph, "capture", full)
    part = nn.Linear(1, 1)
    with pytest.raises(VidgenBenchError, match=r"too little memory to keep .* VIDGEN_BENCH_GRAPHS=off"):
        turns(captured_turn(lambda batch, noise: {"x": part(noise.normal("z", 1)).mean()}, part))


def test_a_loss_that_replaces_a_buffer_is_refused(graphs) -> None:
    """A replay would read and write the memory that the buffer had before."""
    part = nn.Linear(1, 1)
    part.register_buffer("count", torch.zeros(()))

    def loss(batch, noise):
        part.count = part.count + 1
        return {"x": part(noise.normal("z", 1)).mean()}

    with pytest.raises(PluginError, match="replaces a parameter or buffer"):
        turns(captured_turn(loss, part))


@pytest.mark.parametrize(
    ("optimiser", "waits", "world", "switch", "reason"),
    [
        ("capturable", False, 1, None, None),
        ("capturable", False, 1, "on", None),
        ("capturable", False, 1, "off", "VIDGEN_BENCH_GRAPHS is off"),
        ("capturable", False, 2, None, "several processes train together"),
        ("capturable", True, 1, None, "a loss waits for the device"),
        ("plain", False, 1, None, "the optimiser SGD of player 'd' cannot be captured"),
    ],
)
def test_why_turns_are_not_captured(monkeypatch, optimiser, waits, world, switch, reason) -> None:
    monkeypatch.delenv(SWITCH, raising=False) if switch is None else monkeypatch.setenv(SWITCH, switch)
    weights = [nn.Parameter(torch.zeros(1))]
    made = {
        "plain": lambda: torch.optim.SGD(weights, lr=0.1),
        "capturable": lambda: torch.optim.Adam(weights, lr=torch.tensor(0.1), capturable=True),
    }[optimiser]()
    assert reason_against({"d": made}, waits, world) == reason


def test_another_value_of_the_switch_is_refused(monkeypatch) -> None:
    monkeypatch.setenv(SWITCH, "maybe")
    with pytest.raises(RequestError, match="VIDGEN_BENCH_GRAPHS=maybe: expected on or off"):
        reason_against({}, False, 1)
