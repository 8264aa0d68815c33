"""Gradients reach every parameter of a player, every trainable parameter has a player, and a turn changes no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from vidgen_bench.api import Game, Player
from vidgen_bench.conformance.comparison import abbreviated, bitwise_equal
from vidgen_bench.conformance.game_inputs import clips_for, turn_noise
from vidgen_bench.conformance.game_state import (
    copy_parameters,
    copy_states,
    parameter_names,
    restore_states,
    total_loss,
    training_mode,
)
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.subject import Subject


def check_gradients(subject: Subject) -> None:
    """Check that gradients are finite, that a turn changes the player's parameters and no other, and that ``after`` is finite."""
    game, clip = training_mode(subject.game()), subject.composition.clip
    name_of = parameter_names(game.parts)
    before = copy_states(game)
    for player in subject.players(game):
        restore_states(game, before)  # each player starts from the initial weights
        was = copy_parameters(game)
        terms = player.loss(clips_for(player, clip), turn_noise(player))
        demand(bool(terms), f"expected player {player.name!r} to return named loss terms: it returns none")
        moved = [name_of[key] for key in _moved(game, was)]
        demand(
            not moved,
            f"expected the loss of player {player.name!r} to leave every parameter as it is: it changes {len(moved)} "
            f"({abbreviated(moved)}). The optimiser and `after` change parameters; keep other state in a buffer.",
        )
        loss = total_loss(terms)
        _check_registered(player, loss, name_of)
        grads = _gradients(player, loss, name_of)
        _check_step(game, player, grads, name_of)
    _check_left(game, name_of)


def _check_registered(player: Player, loss: Tensor, name_of: dict[int, str]) -> None:
    hidden = [str(list(p.shape)) for p in _leaves(loss) if id(p) not in name_of]
    demand(
        not hidden,
        f"expected every weight to be inside game.parts: the loss of player {player.name!r} depends on {len(hidden)} that are not "
        f"(of shape {abbreviated(hidden)}); they would not be trained or saved. Put layers into nn.ModuleList, not a plain list.",
    )


def _leaves(loss: Tensor) -> list[nn.Parameter]:
    """Return every parameter in the graph of a loss."""
    found: dict[int, nn.Parameter] = {}
    seen, ahead = set(), [loss.grad_fn]
    while ahead:
        node = ahead.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        leaf = getattr(node, "variable", None)
        if isinstance(leaf, nn.Parameter):
            found[id(leaf)] = leaf
        ahead += [following for following, _ in node.next_functions]
    return list(found.values())


def _gradients(player: Player, loss: Tensor, name_of: dict[int, str]) -> Sequence[Tensor]:
    """Return the gradients of the player's parameters, of which every one has a finite one."""
    who = f"player {player.name!r}"
    demand(
        loss.requires_grad,
        f"expected the loss of {who} to have a gradient: it does not depend on the player's parameters",
    )
    grads = torch.autograd.grad(loss, player.parameters, allow_unused=True)
    found = list(zip(player.parameters, grads, strict=True))
    without = [name_of[id(p)] for p, g in found if g is None]
    demand(
        not without,
        f"expected the loss of {who} to reach every parameter of the player: {len(without)} of {len(found)} get no "
        f"gradient ({abbreviated(without)}). Remove unused layers from the module.",
    )
    broken = [name_of[id(p)] for p, g in found if g is not None and not bool(g.isfinite().all())]
    demand(
        not broken,
        f"expected finite gradients for {who}: {len(broken)} of {len(found)} are not ({abbreviated(broken)}), while the loss is "
        f"{float(loss.detach()):.3g}. Common causes are a square root or a logarithm at 0.",
    )
    return grads


def _check_step(game: Game, player: Player, grads: Sequence[Tensor], name_of: dict[int, str]) -> None:
    was = copy_parameters(game)
    for parameter, grad in zip(player.parameters, grads, strict=True):
        parameter.grad = grad
    player.optimiser(player.parameters).step()
    for parameter in player.parameters:
        parameter.grad = None
    mine = {id(p) for p in player.parameters}
    others = [name_of[key] for key in _moved(game, was) if key not in mine]
    demand(
        not others,
        f"expected the optimiser of player {player.name!r} to change its own parameters only: it changes {len(others)} others "
        f"({abbreviated(others)}). Change them in `after`.",
    )
    pushed = [bool(grad.any()) for grad in grads]  # behind a gate that starts at zero, gradients are still 0
    found = zip(player.parameters, pushed, strict=True)
    still = [name_of[id(p)] for p, push in found if push and torch.equal(p.detach(), was[id(p)])]
    demand(
        2 * len(still) < sum(pushed) or not any(pushed),
        f"expected the optimiser of player {player.name!r} to change most parameters: {len(still)} of {sum(pushed)} are unchanged "
        f"({abbreviated(still)}). Is its learning rate 0?",
    )
    if player.after is None:
        return
    with torch.no_grad():
        player.after(torch.tensor(0))
    broken = [name_of[id(p)] for p in player.parameters if not bool(p.isfinite().all())]
    demand(
        not broken,
        f"expected `after` of player {player.name!r} to leave its parameters finite: {len(broken)} of {len(mine)} are not "
        f"({abbreviated(broken)})",
    )


def _moved(game: Game, was: Mapping[int, Tensor]) -> list[int]:
    """Return the ids of the parameters whose values have changed."""
    now = copy_parameters(game)
    return [key for key, value in was.items() if not (torch.equal(now[key], value) or bitwise_equal(now[key], value))]


def _check_left(game: Game, name_of: dict[int, str]) -> None:
    moved = {id(p) for player in game.players for p in player.parameters}
    trainable = [p for part in game.parts.values() for p in part.parameters() if p.requires_grad]
    left = [name_of[id(p)] for p in trainable if id(p) not in moved]
    demand(
        not left,
        f"expected every trainable parameter to belong to a player: {len(left)} do not ({abbreviated(left)}). Add them to a "
        "player, or call requires_grad_(False) on parameters that are not trained (an average of weights).",
    )
