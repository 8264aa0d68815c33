"""Losses and samples leave the host and global generators alone, and so does ``after``, which may wait for the device."""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Any

import torch

from vidgen_bench.api import Clip, Player
from vidgen_bench.conformance.checks.host_reads import HostReads
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import clips_for, evaluating, listed, sample, total, training, turn_noise
from vidgen_bench.conformance.process import numpy_state
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.training.watch import Watch

FROM_NOISE = "Take every random number from the noise that is given; a resumed run would differ."
NOT_AFTER = "`after` is given no noise and draws none; a resumed run would differ."

_HINTS = (
    (
        {"aten::_local_scalar_dense", "aten::is_nonzero", "aten::equal"},
        "item(), float(), int(), `if` on a tensor and one_hot do this: compare and select with tensors. So does a solver that "
        "chooses its steps on the host, as an adaptive one does: it slows a device down and keeps an iteration from being "
        "captured as a graph; take fixed steps.",
    ),
    (
        {
            "aten::nonzero",
            "aten::index",
            "aten::masked_select",
            "aten::_unique2",
            "aten::unique_dim",
            "aten::unique_consecutive",
        },
        "A boolean mask, nonzero or unique does this, since values decide a shape: select with torch.where.",
    ),
)

_READ_HINT = (
    "That copies from a device, which must be waited for; it costs nothing on the CPU alone. Stay with tensors."
)


def quiet(subject: Subject) -> None:
    """Ask that no loss waits for the device, and that nothing reads or changes a global generator."""
    game, clip = training(subject.game()), subject.composition.clip
    with torch.random.fork_rng(devices=[]):
        torch.rand(3)  # a state that no seed gives: to be seeded shows
        for player in subject.players(game):
            _ask_loss(player, clip)
        before = _generators()
        with Watch() as watch:
            sample(evaluating(game), (0,), clip.grid)
        _ask_random("sampling", watch, before)
        training(game)
        for player in game.players:
            if player.after is not None:
                _ask_after(player)


def _ask_loss(player: Player, clip: Clip) -> None:
    batch, noise, before = clips_for(player, clip), turn_noise(player), _generators()
    with Watch() as watch, HostReads() as reads:
        loss = total(player.loss(batch, noise))
        if loss.requires_grad:
            torch.autograd.grad(loss, player.parameters, allow_unused=True)
    what = f"the loss of player {player.name!r}"
    _ask_random(what, watch, before)
    found = sorted(watch.synchronising | reads.found)
    demand(
        not found,
        f"expected {what} never to wait for the device: it calls {listed(found)}. {_hint(watch.synchronising)}",
    )


def _ask_after(player: Player) -> None:
    assert player.after is not None
    before = _generators()
    with torch.no_grad(), Watch() as watch:
        player.after(torch.tensor(0))
    _ask_random(f"`after` of player {player.name!r}", watch, before, NOT_AFTER)


def _hint(operations: Collection[str]) -> str:
    called = {name.split(".")[0] for name in operations}
    return next((hint for names, hint in _HINTS if names & called), _READ_HINT)


def _generators() -> dict[str, Any]:
    """Return the states of the global generators by their names."""
    return {
        "torch's global generator": torch.get_rng_state().numpy().tobytes(),
        "numpy's global generator": numpy_state(),
        "Python's `random`": random.getstate(),
    }


def _ask_random(what: str, watch: Watch, before: dict[str, Any], hint: str = FROM_NOISE) -> None:
    drawn = listed(sorted(watch.global_random))
    demand(not drawn, f"expected {what} to leave torch's global random numbers alone: it calls {drawn}. {hint}")
    now = _generators()
    for whose, state in before.items():
        demand(
            now[whose] == state,
            f"expected {what} to leave {whose} as it was: its state has changed. Seed nothing. {hint}",
        )
