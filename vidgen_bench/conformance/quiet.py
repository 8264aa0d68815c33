"""Losses and samples leave the host and torch's global generator alone."""

from __future__ import annotations

import torch

from vidgen_bench.api import Clip, Player
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import clips_for, evaluating, listed, sample, total, training, turn_noise
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.training.watch import Watch

FROM_NOISE = "Take every random number from the noise that is given; a resumed run would differ."


def quiet(subject: Subject) -> None:
    """Ask that no loss waits for the device, and that nothing reads or changes torch's global generator."""
    game, clip = training(subject.game()), subject.composition.clip
    with torch.random.fork_rng(devices=[]):
        torch.rand(3)  # a state that no seed gives: to be seeded shows
        for player in subject.players(game):
            _ask_loss(player, clip)
        before = torch.get_rng_state()
        with Watch() as watch:
            sample(evaluating(game), (0,), clip.grid)
        _ask_random("sampling", watch, before)


def _ask_loss(player: Player, clip: Clip) -> None:
    batch, noise, before = clips_for(player, clip), turn_noise(player), torch.get_rng_state()
    with Watch() as watch:
        loss = total(player.loss(batch, noise))
        if loss.requires_grad:
            torch.autograd.grad(loss, player.parameters, allow_unused=True)
    what = f"the loss of player {player.name!r}"
    _ask_random(what, watch, before)
    demand(
        not watch.synchronising,
        f"expected {what} never to wait for the device: it calls {listed(sorted(watch.synchronising))}. item(), int(), if on a "
        "tensor, boolean masks and one_hot do this; compare and select with tensors.",
    )


def _ask_random(what: str, watch: Watch, before: torch.Tensor) -> None:
    drawn = listed(sorted(watch.global_random))
    demand(not drawn, f"expected {what} to leave torch's global random numbers alone: it calls {drawn}. {FROM_NOISE}")
    demand(
        torch.equal(before, torch.get_rng_state()),
        f"expected {what} to leave torch's global generator as it was: its state has changed. Seed nothing. {FROM_NOISE}",
    )
