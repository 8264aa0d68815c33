"""Two gloo processes give the gradients, batch-norm statistics and loss means of one."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from tests.kit import toy_game
from tests.kit.forked import start_together
from vidgen_bench.errors import Interrupted, RequestError, VidgenBenchError
from vidgen_bench.noise import key_of, training_noise
from vidgen_bench.system.interrupt import Interrupt
from vidgen_bench.training.distributed import Process
from vidgen_bench.training.step import gradients

TOLERANCE = 1e-5


def play(process: Process) -> dict[str, list[torch.Tensor]]:
    """Return every player's gradients and the batch-norm statistics after one iteration without optimiser steps."""
    torch.set_num_threads(1)
    game = toy_game.game()
    result: dict[str, list[torch.Tensor]] = {}
    for player in game.players:
        noise = training_noise(torch.tensor(key_of(0, player.name)), player.batch, process.rank, process.world)
        batch = (
            toy_game.Clips().batch(player.name, player.feed, 0, player.batch, process.rank, process.world)
            if player.feed
            else None
        )
        with process.batch_norm():
            terms, grads = gradients(player, batch, noise)
        result[player.name] = list(process.mean(grads))
        result[f"{player.name} terms"] = list(process.mean(list(terms.values())))
    result["statistics"] = [b for part in game.parts.values() for b in part.buffers() if b.is_floating_point()]
    return result


def worker(rank: int, folder: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=2)
    result = play(Process(rank, 2))
    torch.save(result, f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()


@pytest.mark.slow
def test_two_processes_give_the_gradients_of_one(tmp_path):
    start_together(worker, (str(tmp_path),), 2)
    alone = play(Process())
    for rank in range(2):
        together = torch.load(tmp_path / f"{rank}.pt")
        assert together.keys() == alone.keys()
        for name, tensors in alone.items():
            for a, b in zip(tensors, together[name], strict=True):
                torch.testing.assert_close(b, a, rtol=TOLERANCE, atol=TOLERANCE, msg=lambda m, n=name: f"{n}: {m}")


def train(rank: int, folder: str, stop: int | None) -> None:
    """Train six iterations in two processes, or up to an interruption; only rank 0 writes."""
    from tests.kit.toy_training import StopAt, make
    from vidgen_bench.training import trainer as trainer_module

    trainer_module.READ_EVERY = 1
    path = Path(folder)
    dist.init_process_group("gloo", init_method=f"file://{path}/rendezvous-{stop}", rank=rank, world_size=2)
    interrupt = Interrupt()
    observer = StopAt(stop, interrupt) if stop else None
    trainer = make(
        path,
        iterations=6,
        observer=observer,
        interrupt=interrupt,
        process=Process(rank, 2),
        score=lambda i: {"fid": 1.0},
    )
    with contextlib.suppress(Interrupted):
        trainer.run()
    dist.barrier()
    dist.destroy_process_group()


@pytest.mark.slow
def test_two_processes_resume_to_the_same_trace(tmp_path):
    for name, stops in (("whole", [None]), ("parts", [3, None])):
        (tmp_path / name).mkdir()
        for stop in stops:
            start_together(train, (str(tmp_path / name), stop), 2)
            (tmp_path / name / f"rendezvous-{stop}").unlink(missing_ok=True)
    whole, parts = ((tmp_path / name / "trace.jsonl").read_bytes() for name in ("whole", "parts"))
    assert whole == parts
    assert whole.count(b"\n") == 1


def fail_first(rank: int, folder: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=2)

    def work() -> None:
        raise RequestError("the crop takes every column")

    try:
        Process(rank, 2).first(work)
    except VidgenBenchError as error:
        Path(f"{folder}/{rank}.txt").write_text(f"{error.exit_code} {error}")
    dist.destroy_process_group()


@pytest.mark.slow
def test_when_the_first_process_fails_the_others_end_with_its_exit_code(tmp_path):
    start_together(fail_first, (str(tmp_path),), 2)
    assert (tmp_path / "0.txt").read_text() == "2 the crop takes every column"
    assert (tmp_path / "1.txt").read_text() == "2 The first process ended: the crop takes every column"


@pytest.mark.parametrize("world", ["2", "two"])
def test_an_incomplete_environment_of_torchrun_is_refused(monkeypatch, world):
    monkeypatch.setenv("WORLD_SIZE", world)
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(RequestError, match="torchrun"):
        Process.of_environment(torch.device("cpu"))


def test_synchronised_batch_norm_of_one_process_is_torchs_own():
    """With a world of one the statistics are those of the batch, so the function must agree with torch's."""
    from vidgen_bench.training import distributed

    torch.manual_seed(0)
    norm, other = torch.nn.BatchNorm3d(4), torch.nn.BatchNorm3d(4)
    x = torch.randn(6, 4, 2, 3, 3, requires_grad=True)
    weights = torch.randn(6, 4, 2, 3, 3)

    class Alone(distributed.SynchronisedBatchNorm):
        pass

    original = distributed._Sum
    try:
        distributed._Sum = type("Identity", (), {"apply": staticmethod(lambda v: v)})
        with Alone(1):
            ours = norm(x)
    finally:
        distributed._Sum = original
    theirs = other(x)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(norm.running_var, other.running_var)
    torch.testing.assert_close(norm.running_mean, other.running_mean)
    (a,) = torch.autograd.grad((ours * weights).sum(), x)
    (b,) = torch.autograd.grad((theirs * weights).sum(), x)
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)
