"""The precision of training: what losses compute in, which switches hold, and which devices refuse it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.kit import toy_game
from vidgen_bench.api import Game
from vidgen_bench.errors import RequestError
from vidgen_bench.training.distributed import Process
from vidgen_bench.training.iteration import Iterations
from vidgen_bench.training.precision import require_precision

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


def observed(precision, seen: list) -> Iterations:
    """Return iterations of the toy game, whose losses note the switches that hold while they are computed."""

    def noting(player):
        def loss(batch, noise):
            autocast = torch.is_autocast_enabled("cpu")
            seen.append((autocast, torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32))
            return player.loss(batch, noise)

        return replace(player, loss=loss)

    game = toy_game.game()
    return Iterations(Game(game.parts, tuple(map(noting, game.players)), game.sample), 3, CPU, Process(), precision)


@pytest.mark.parametrize(
    ("precision", "switches"),
    [("fp32", (False, "highest", False)), ("tf32", (False, "high", True)), ("bf16", (True, "highest", False))],
)
def test_losses_are_computed_in_the_precision_and_switches_come_back(precision, switches) -> None:
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    seen: list = []
    observed(precision, seen).play(0, toy_game.Clips())
    assert set(seen) == {switches}
    assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == before


def test_bf16_trains_float32_weights_to_nearly_the_same_losses() -> None:
    found = {}
    for precision in ("fp32", "bf16"):
        game = toy_game.game()
        iterations = Iterations(game, 3, CPU, Process(), precision)
        for number in range(3):
            iterations.play(number, toy_game.Clips())
        assert {p.dtype for part in game.parts.values() for p in part.parameters()} == {torch.float32}
        found[precision] = {name: float(value) for name, value in iterations.losses.sums.items()}
    assert found["bf16"] != found["fp32"]
    assert found["bf16"] == pytest.approx(found["fp32"], rel=0.05, abs=0.02)


@pytest.mark.parametrize("precision", ["tf32", "bf16"])
def test_a_cpu_has_float32_only(precision) -> None:
    require_precision("smoke", "fp32", CPU)
    with pytest.raises(
        RequestError, match=rf"smoke trains in {precision}, which needs an NVIDIA GPU; this run is on cpu"
    ):
        require_precision("smoke", precision, CPU)


@pytest.mark.parametrize(
    ("precision", "capability", "cudnn", "words"),
    [
        ("tf32", (7, 5), 91900, r"compute capability 8\.0 or newer; this one has 7\.5"),
        ("tf32", (8, 0), 90100, None),
        ("bf16", (9, 0), 91002, r"cuDNN 9\.15 or newer.*found 9\.10\.2"),
        ("bf16", (9, 0), None, "found none"),
        ("bf16", (9, 0), 91500, None),
    ],
)
def test_a_gpu_needs_the_hardware_and_a_cudnn_without_known_faults(
    monkeypatch, precision, capability, cudnn, words
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: cudnn)
    if words is None:
        require_precision("smoke", precision, CUDA)
    else:
        with pytest.raises(RequestError, match=words):
            require_precision("smoke", precision, CUDA)
