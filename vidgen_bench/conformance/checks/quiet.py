"""Losses do not wait for the device, and losses, samples and ``after`` leave global random generators unchanged."""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from vidgen_bench.api import Clip, Player
from vidgen_bench.conformance.comparison import abbreviated
from vidgen_bench.conformance.game_inputs import clips_for, turn_noise
from vidgen_bench.conformance.game_state import evaluation_mode, sample_clips, total_loss, training_mode
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.process import numpy_state
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.training.watch import Watch

FROM_NOISE = "Take every random number from the noise; otherwise a resumed run differs."
NOT_AFTER = "`after` takes no noise and must not draw; otherwise a resumed run differs."

_VALUE_READS = {"aten::_local_scalar_dense", "aten::is_nonzero", "aten::equal"}
_VALUE_HINT = (
    "item(), float(), int(), `if` on a tensor and one_hot do this: compare and select with tensors. An adaptive solver "
    "does it too, since it chooses its steps on the host, which slows a device down and prevents graph capture: use fixed steps."
)
_SHAPE_HINT = (
    "A boolean mask, nonzero and unique do this, since their values determine a shape: select with torch.where."
)
_READ_HINT = "It copies from the device and waits for it, though it is free on the CPU. Compute with tensors."

_READS = {
    Tensor.tolist: "Tensor.tolist",
    Tensor.cpu: "Tensor.cpu",
    Tensor.numpy: "Tensor.numpy",
    Tensor.__array__: "numpy.asarray",
    Tensor.__dlpack__: "Tensor.__dlpack__",
}
"""Reads of a tensor by the host, which are free on the CPU but wait for a device."""


class HostReads(TorchFunctionMode):
    """Records host reads by name inside the block. On the CPU they call no operator, so only Python sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in _READS:
            self.found.add(_READS[func])
        # x.to(y.device) passes a torch.device; a string is hard-coded
        elif func is Tensor.to and "cpu" in [v for v in (*args[1:], *kwargs.values()) if isinstance(v, str)]:
            self.found.add('Tensor.to("cpu")')
        return func(*args, **kwargs)


def check_quiet(subject: Subject) -> None:
    """Check that no loss waits for the device, and that nothing draws from or changes a global generator."""
    game, clip = training_mode(subject.game()), subject.composition.clip
    with torch.random.fork_rng(devices=[]):
        torch.rand(3)  # a state that no seed gives, so that seeding is detected
        for player in subject.players(game):
            _check_loss(player, clip)
        before = _generators()
        with Watch() as watch:
            sample_clips(evaluation_mode(game), (0,), clip.grid)
        _check_random("sampling", watch, before)
        training_mode(game)
        for player in game.players:
            if player.after is not None:
                _check_after(player)


def _check_loss(player: Player, clip: Clip) -> None:
    batch, noise, before = clips_for(player, clip), turn_noise(player), _generators()
    with Watch() as watch, HostReads() as reads:
        loss = total_loss(player.loss(batch, noise))
        if loss.requires_grad:
            torch.autograd.grad(loss, player.parameters, allow_unused=True)
    what = f"the loss of player {player.name!r}"
    _check_random(what, watch, before)
    found = sorted(watch.synchronising | reads.found)
    demand(
        not found,
        f"expected {what} not to wait for the device: it calls {abbreviated(found)}. {_hint(watch.synchronising)}",
    )


def _check_after(player: Player) -> None:
    assert player.after is not None
    before = _generators()
    with torch.no_grad(), Watch() as watch:
        player.after(torch.tensor(0))
    _check_random(f"`after` of player {player.name!r}", watch, before, NOT_AFTER)


def _hint(operations: Collection[str]) -> str:
    """Return the advice for operations that wait for the device; without any, the loss reads a tensor in another way."""
    if _VALUE_READS & {name.split(".")[0] for name in operations}:
        return _VALUE_HINT
    return _SHAPE_HINT if operations else _READ_HINT


def _generators() -> dict[str, Any]:
    """Return the states of the global generators by name."""
    return {
        "torch's global generator": torch.get_rng_state().numpy().tobytes(),
        "numpy's global generator": numpy_state(),
        "Python's `random`": random.getstate(),
    }


def _check_random(what: str, watch: Watch, before: dict[str, Any], hint: str = FROM_NOISE) -> None:
    drawn = abbreviated(sorted(watch.global_random))
    demand(not drawn, f"expected {what} not to draw from torch's global generator: it calls {drawn}. {hint}")
    now = _generators()
    for generator, state in before.items():
        demand(
            now[generator] == state,
            f"expected {what} to leave {generator} unchanged: its state has changed. Do not seed it. {hint}",
        )
