"""One turn of one player: its inputs, loss, gradients of its own parameters, mean over processes, optimiser step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import torch
from torch import Tensor

from vidgen_bench.api import Batch, Feed, Player
from vidgen_bench.errors import PluginError
from vidgen_bench.noise import Noise, training_noise
from vidgen_bench.training.distributed import Process
from vidgen_bench.training.keys import TurnKeys
from vidgen_bench.training.optimisers import set_rate

Reduce = Callable[[Sequence[Tensor]], Sequence[Tensor]]


class Clips(Protocol):
    """A source of real clips: each batch is a pure function of (player, position)."""

    def batch(self, name: str, feed: Feed, position: int, rows: int, rank: int = 0, world: int = 1) -> Batch: ...


def turn_inputs(
    player: Player, clips: Clips, position: int, keys: TurnKeys, process: Process
) -> tuple[Batch | None, Noise]:
    """Return the real clips, if the player has a feed, and the noise of this process's rows in the player's turn ``position``."""
    rank, world = process.rank, process.world
    batch = clips.batch(player.name, player.feed, position, player.batch, rank, world) if player.feed else None
    return batch, training_noise(keys.of(player.name, position), player.batch, rank, world)


def gradients(player: Player, batch: Batch | None, noise: Noise) -> tuple[dict[str, Tensor], tuple[Tensor, ...]]:
    """Return the loss terms (detached scalars) and the gradients of their sum for the player's own parameters.

    Other players' parameters are not frozen, and their ``grad`` is not set.

    Raises:
        PluginError: a term is not a scalar, or a parameter gets no gradient.
    """
    terms = player.loss(batch, noise)
    _check_terms(player, terms)
    total = torch.stack([t.float() for t in terms.values()]).sum() if len(terms) > 1 else next(iter(terms.values()))
    try:
        grads = torch.autograd.grad(total, player.parameters)
    except RuntimeError as error:
        if "unused" not in str(error) and "does not require grad" not in str(error):
            raise
        raise PluginError(
            f"player {player.name!r}: the loss does not reach every parameter that the player trains ({error}). "
            "Leave unused parameters out of the module."
        ) from error
    return {name: t.detach() for name, t in terms.items()}, grads


def take_turn(
    player: Player,
    optimiser: torch.optim.Optimizer,
    batch: Batch | None,
    noise: Noise,
    rate: float,
    reduce: Reduce,
    inside: AbstractContextManager[object] | None = None,
) -> dict[str, Tensor]:
    """Play one turn and return its loss terms.

    Args:
        rate: factor on every learning rate, from the player's schedule.
        reduce: takes the mean over processes; the identity for a single process.
        inside: context in which loss and gradients are computed, such as a :class:`Watch`.
    """
    with inside or nullcontext():
        terms, grads = gradients(player, batch, noise)
    set_rate(optimiser, rate)
    apply(player, optimiser, reduce(grads))
    return terms


def apply(player: Player, optimiser: torch.optim.Optimizer, grads: Sequence[Tensor]) -> None:
    """Step with these gradients of the player's parameters."""
    for parameter, grad in zip(player.parameters, grads, strict=True):
        parameter.grad = grad
    optimiser.step()
    for parameter in player.parameters:
        parameter.grad = None


def _check_terms(player: Player, terms: Mapping[str, Tensor]) -> None:
    if not isinstance(terms, Mapping) or not terms:
        raise PluginError(f"player {player.name!r}: the loss must return named terms, {{name: scalar tensor}}")
    for name, term in terms.items():
        if term.ndim:
            raise PluginError(
                f"player {player.name!r}: the term {name!r} has shape {tuple(term.shape)}; expected a scalar, a mean over rows"
            )
