"""Gradients reach every parameter of a player, and every trainable parameter has a player."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vidgen_bench.api import Game, Player
from vidgen_bench.conformance.comparison import abbreviated
from vidgen_bench.conformance.game_inputs import clips_for, turn_noise
from vidgen_bench.conformance.game_state import copy_states, parameter_names, restore_states, total_loss, training_mode
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.subject import Subject


def check_gradients(subject: Subject) -> None:
    """Check that all gradients are finite, that the optimiser changes every parameter, and that ``after`` keeps them finite."""
    game, clip = training_mode(subject.game()), subject.composition.clip
    name_of = parameter_names(game.parts)
    before = copy_states(game)
    for player in subject.players(game):
        restore_states(game, before)  # each player starts from the initial weights
        terms = player.loss(clips_for(player, clip), turn_noise(player))
        demand(bool(terms), f"expected player {player.name!r} to return named loss terms: it returns none")
        loss = total_loss(terms)
        _check_registered(player, loss, name_of)
        _check_player(player, loss, name_of)
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


def _check_player(player: Player, loss: Tensor, name_of: dict[int, str]) -> None:
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
    _check_step(player, grads, name_of)


def _check_step(player: Player, grads: Sequence[Tensor], name_of: dict[int, str]) -> None:
    before = [p.detach().clone() for p in player.parameters]
    for parameter, grad in zip(player.parameters, grads, strict=True):
        parameter.grad = grad
    player.optimiser(player.parameters).step()
    pushed = [bool(grad.any()) for grad in grads]  # behind a gate that starts at zero, gradients are still 0
    found = zip(player.parameters, before, pushed, strict=True)
    still = [name_of[id(p)] for p, was, push in found if push and torch.equal(p.detach(), was)]
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
        f"expected `after` of player {player.name!r} to leave its parameters finite: {len(broken)} of {len(before)} are not "
        f"({abbreviated(broken)})",
    )


def _check_left(game: Game, name_of: dict[int, str]) -> None:
    moved = {id(p) for player in game.players for p in player.parameters}
    trainable = [p for part in game.parts.values() for p in part.parameters() if p.requires_grad]
    left = [name_of[id(p)] for p in trainable if id(p) not in moved]
    demand(
        not left,
        f"expected every trainable parameter to belong to a player: {len(left)} do not ({abbreviated(left)}). Add them to a "
        "player, or call requires_grad_(False) on parameters that are not trained (an average of weights).",
    )
