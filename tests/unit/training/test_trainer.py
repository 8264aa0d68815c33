"""The loop: budgets, best checkpoint, divergence, interruption, and resuming to the same numbers from any iteration."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch

from tests.kit import toy_game
from tests.kit.toy_training import StopAt, make
from vidgen_bench.config.budget import Budget
from vidgen_bench.errors import Interrupted, PluginError, RecordError, VidgenBenchError
from vidgen_bench.system.interrupt import Interrupt
from vidgen_bench.system.observer import Glance, Observer
from vidgen_bench.training import trainer as trainer_module
from vidgen_bench.training.distributed import Process


def final_state(folder: Path) -> dict:
    return torch.load(folder / "last.pt", weights_only=True)


def assert_same(a, b) -> None:
    assert type(a) is type(b)
    if isinstance(a, torch.Tensor):
        assert torch.equal(a, b)
    elif isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            if key not in ("train_seconds", "evaluate_seconds", "started", "resumed", "peak_memory"):
                assert_same(a[key], b[key])
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)
    else:
        assert a == b


def test_keeps_the_best_checkpoint_and_the_trace(tmp_path):
    trainer = make(tmp_path)
    progress = trainer.run()
    assert progress.iteration == 24
    assert progress.clips == 24 * toy_game.ROWS
    assert progress.flops == 24 * progress.flops_per_iteration > 0
    points = [json.loads(line) for line in (tmp_path / "trace.jsonl").read_text().splitlines()]
    assert [p["iteration"] for p in points] == [6, 12, 18, 24]
    assert set(points[0]["losses"]) == {"discriminator.real", "discriminator.fake", "generator.fake"}
    assert trainer.best().iteration == 12
    assert [f.name for f in tmp_path.glob("best-*.pt")] == ["best-000000012.pt"]


def test_load_best_restores_the_weights_that_were_scored(tmp_path):
    trainer = make(tmp_path)
    trainer.run()
    trainer.load_best()
    point = [json.loads(line) for line in (tmp_path / "trace.jsonl").read_text().splitlines()][1]
    generator = trainer._game.parts["generator"]
    assert float(generator.body[0].weight.detach().sum()) == point["scores"]["weight"]


@pytest.mark.parametrize("stop", [1, 5, 6, 7, 12, 17, 23])
def test_interrupted_anywhere_it_resumes_to_the_same_numbers(tmp_path, stop, monkeypatch):
    monkeypatch.setattr(trainer_module, "READ_EVERY", 1)
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    make(tmp_path / "whole").run()
    interrupt = Interrupt()
    with pytest.raises(Interrupted, match="same command continues"):
        make(tmp_path / "parts", observer=StopAt(stop, interrupt), interrupt=interrupt).run()
    progress = make(tmp_path / "parts").run()
    assert progress.resumed == 1
    assert_same(final_state(tmp_path / "parts"), final_state(tmp_path / "whole"))
    assert (tmp_path / "parts" / "trace.jsonl").read_bytes() == (tmp_path / "whole" / "trace.jsonl").read_bytes()


def test_interrupted_while_scoring_it_scores_first_when_resumed(tmp_path):
    def stop_at_twelve(iteration: int) -> dict[str, float]:
        if iteration == 12:
            raise Interrupted("Stopped during scoring")
        return {"fid": float(iteration)}

    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    score = {"score": lambda i: {"fid": float(i)}}
    make(tmp_path / "whole", **score).run()
    with pytest.raises(Interrupted, match="iteration 12; everything is saved"):
        make(tmp_path / "parts", score=stop_at_twelve).run()
    make(tmp_path / "parts", **score).run()
    assert_same(final_state(tmp_path / "parts"), final_state(tmp_path / "whole"))
    assert (tmp_path / "parts" / "trace.jsonl").read_bytes() == (tmp_path / "whole" / "trace.jsonl").read_bytes()


def test_a_finished_training_is_not_trained_again(tmp_path):
    make(tmp_path).run()
    before = (tmp_path / "last.pt").read_bytes()
    trainer = make(tmp_path, score=lambda i: pytest.fail("scored again"))
    assert trainer.run().iteration == 24
    assert (tmp_path / "last.pt").read_bytes() == before


def test_a_loss_that_is_not_finite_ends_the_run_as_diverged(tmp_path):
    progress = make(tmp_path, game=toy_game.game(explode_at=8), iterations=40).run()
    assert progress.diverged
    assert progress.iteration <= 8 + trainer_module.READ_EVERY
    points = [json.loads(line) for line in (tmp_path / "trace.jsonl").read_text().splitlines()]
    assert [p["iteration"] for p in points] == [6]


def test_an_error_on_weights_that_are_not_finite_is_divergence(tmp_path):
    game = toy_game.game(explode_at=3)
    d, g = game.players

    def after(iteration):
        g.after(iteration)
        torch.linalg.eigh(
            game.parts["generator"].body[0].weight.detach().T @ game.parts["generator"].body[0].weight.detach()
        )

    game = type(game)(game.parts, (d, type(g)(**{**g.__dict__, "after": after})), game.sample)
    progress = make(tmp_path, game=game, iterations=40).run()
    assert progress.diverged
    assert progress.iteration < trainer_module.READ_EVERY
    again = make(tmp_path, game=toy_game.game(explode_at=3), iterations=40).run()
    assert again.diverged
    assert again.iteration == progress.iteration


def test_a_fault_on_finite_weights_is_not_divergence(tmp_path):
    game = toy_game.game()
    d, g = game.players

    def after(iteration):
        raise RuntimeError("a fault of the plugin")

    game = type(game)(game.parts, (d, type(g)(**{**g.__dict__, "after": after})), game.sample)
    with pytest.raises(RuntimeError, match="a fault of the plugin"):
        make(tmp_path, game=game).run()


def test_a_scoring_that_fails_on_weights_that_are_not_finite_is_divergence(tmp_path):
    """An adaptive solver raises if weights are not finite; a fixed step would give a score of NaN."""
    game = toy_game.game()
    weight = game.parts["generator"].body[0].weight

    def score(iteration):
        if iteration == 12:
            weight.data.fill_(float("nan"))
            raise RuntimeError("underflow in the step")
        return {"fid": 1.0}

    progress = make(tmp_path, game=game, score=score).run()
    assert progress.diverged
    assert progress.iteration == 12

    (fresh := tmp_path / "fresh").mkdir()
    with pytest.raises(ValueError, match="could not convert"):  # with finite weights it is a fault of the metric
        make(fresh, score=lambda i: {"fid": float("x")}).run()


def test_a_score_that_is_not_finite_ends_the_run_as_diverged(tmp_path):
    progress = make(tmp_path, score=lambda i: {"fid": float("nan") if i == 12 else 1.0}).run()
    assert progress.diverged
    assert progress.iteration == 12
    assert len((tmp_path / "trace.jsonl").read_text().splitlines()) == 1


def test_a_trace_shorter_than_the_checkpoint_records_is_reported(tmp_path):
    make(tmp_path, iterations=6).run()
    (tmp_path / "trace.jsonl").write_bytes(b"")
    with pytest.raises(RecordError, match="shorter than"):
        make(tmp_path, iterations=6).run()


@pytest.mark.parametrize(
    ("budget", "iterations"),
    [
        (Budget(clips=50), 7),
        (Budget(iterations=30, clips=17), 3),
        (Budget(device_hours=1e-9), 1),
    ],
)
def test_the_first_limit_reached_ends_the_run_with_an_evaluation(tmp_path, budget, iterations):
    progress = make(tmp_path, budget=budget).run()
    assert progress.iteration == iterations
    last = (tmp_path / "trace.jsonl").read_text().splitlines()[-1]
    assert json.loads(last)["iteration"] == iterations


def test_a_flops_budget_counts_matrix_products_and_convolutions(tmp_path):
    one = make(tmp_path, iterations=1).run().flops_per_iteration
    (tmp_path / "b").mkdir()
    assert make(tmp_path / "b", budget=Budget(flops=2.5 * one)).run().iteration == 3


def test_turns_play_a_player_more_often_on_new_clips(tmp_path):
    game = toy_game.game(turns=3)
    seen = []

    class Spy(toy_game.Clips):
        def batch(self, name, feed, position, rows, rank=0, world=1):
            seen.append(position)
            return super().batch(name, feed, position, rows, rank, world)

    trainer = make(tmp_path, game=game, iterations=2)
    trainer._clips = Spy()
    trainer.run()
    assert seen == [0, 1, 2, 3, 4, 5]
    assert trainer.progress.clips == 6 * toy_game.ROWS


def test_global_random_numbers_in_a_loss_are_refused(tmp_path):
    game = toy_game.game()
    d = game.players[0]
    noisy = type(d)(
        **{**d.__dict__, "loss": lambda b, n: {"x": game.parts["discriminator"](b.clips + torch.randn(1)).mean()}}
    )
    game = type(game)(game.parts, (noisy, game.players[1]), game.sample)
    with pytest.raises(PluginError, match=r"global random numbers \(aten::randn"):
        make(tmp_path, game=game).run()


def test_a_host_synchronisation_is_witnessed(tmp_path):
    game = toy_game.game()
    g = game.players[1]
    quiet = make(tmp_path, iterations=1).run().witness

    def loss(batch, noise):
        terms = dict(g.loss(batch, noise))
        return {k: v * (1.0 if float(v.detach()) > -1e9 else 2.0) for k, v in terms.items()}

    game = type(game)(game.parts, (game.players[0], type(g)(**{**g.__dict__, "loss": loss})), game.sample)
    (tmp_path / "b").mkdir()
    assert quiet == []
    assert make(tmp_path / "b", game=game, iterations=1).run().witness == [
        "synchronises with the host: aten::_local_scalar_dense"
    ]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04broken"])
def test_a_damaged_checkpoint_is_reported_and_left_alone(tmp_path, content):
    (tmp_path / "last.pt").write_bytes(content)
    with pytest.raises(RecordError, match="is damaged: it is not a whole zip archive"):
        make(tmp_path).run()
    assert (tmp_path / "last.pt").read_bytes() == content


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr(trainer_module, "READ_EVERY", 1)
    interrupt = Interrupt()
    with pytest.raises(Interrupted):
        make(tmp_path, observer=StopAt(7, interrupt), interrupt=interrupt).run()
    before = (tmp_path / "last.pt").read_bytes()
    monkeypatch.setattr(
        "vidgen_bench.system.files.os.fsync", lambda fd: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(VidgenBenchError, match=r"could not be written: No space left on device"):
        make(tmp_path).run()
    assert (tmp_path / "last.pt").read_bytes() == before
    assert not list(tmp_path.glob("*.part")) + list(tmp_path.glob(".*.part"))


class Glances(Observer):
    def __init__(self) -> None:
        self.seen: list[tuple[int, dict[str, float]]] = []

    def trained(self, glance: Glance) -> None:
        if glance.losses:
            self.seen.append((glance.iteration, dict(glance.losses)))


def test_losses_read_late_give_the_same_run_and_the_same_readings(tmp_path, monkeypatch):
    """On a device they are read one period late: what it computes does not depend on it."""
    monkeypatch.setattr(trainer_module, "READ_EVERY", 2)
    readings, traces = [], []
    for late in (False, True):
        (folder := tmp_path / str(late)).mkdir()
        trainer = make(folder, iterations=24, observer=(glances := Glances()))
        trainer._late = late
        trainer.run()
        readings.append(dict(glances.seen))
        traces.append((folder / "trace.jsonl").read_bytes())
    assert traces[0] == traces[1]
    assert readings[0] == readings[1]


def test_every_iteration_on_a_cpu_is_reported(tmp_path):
    """Losses are read every ten iterations, which may take a minute on a CPU; progress must not stop for so long."""
    seen: list[tuple[int, bool]] = []

    class Counts(Observer):
        def trained(self, glance: Glance) -> None:
            seen.append((glance.iteration, bool(glance.losses)))

    make(tmp_path, iterations=12, observer=Counts()).run()
    assert {iteration for iteration, _ in seen} == set(range(1, 13))
    assert (10, True) in seen
    assert (9, False) in seen


def test_divergence_is_seen_one_period_late(tmp_path, monkeypatch):
    monkeypatch.setattr(trainer_module, "READ_EVERY", 2)
    trainer = make(tmp_path, game=toy_game.game(explode_at=7), iterations=40)
    trainer._rule = replace(trainer._rule, every=20)
    trainer._late = True
    progress = trainer.run()
    assert progress.diverged
    assert progress.iteration == 10  # read at 8, seen at 10


def test_several_processes_on_a_device_agree_rarely(tmp_path, monkeypatch):
    """An agreement makes every process wait for its device."""
    asked = []

    @dataclass(frozen=True)
    class Two(Process):
        def agree(self, value):
            asked.append(trainer.progress.iteration)
            return value

        def mean(self, tensors):
            return tensors

        def batch_norm(self):
            return nullcontext()

        def first(self, work):
            return work()

    monkeypatch.setattr(trainer_module, "READ_EVERY", 5)
    trainer = make(tmp_path, process=Two(0, 2), budget=Budget(iterations=23, device_hours=1.0))
    trainer._late = True
    trainer.run()
    assert set(asked) == {
        5,
        6,
        10,
        12,
        15,
        18,
        20,
        23,
    }  # every fifth, and the evaluations after every sixth and at the end


def test_after_is_called_in_strict_float32(tmp_path):
    """TF32 products would be wrong by 1e-3 in singular value clipping."""
    seen = []
    game = toy_game.game()
    d, g = game.players
    g = replace(g, after=lambda iteration: seen.append((int(iteration), torch.get_float32_matmul_precision())))
    game = replace(game, players=(d, g))
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        make(tmp_path, game=game, iterations=2).run()
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision(before)
    assert seen[-1][1] == "highest"
