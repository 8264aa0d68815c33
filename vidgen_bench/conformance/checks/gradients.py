"""Gradients reach every parameter that a player moves, and every trainable parameter has a player."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vidgen_bench.api import Game, Player
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import clips_for, listed, names, put_back, states, total, training, turn_noise
from vidgen_bench.conformance.subject import Subject


def gradients(subject: Subject) -> None:
    """Ask for a finite gradient of every parameter, an optimiser that moves them, and ``after`` that leaves them finite."""
    game, clip = training(subject.game()), subject.composition.clip
    name_of = names(game.parts)
    before = states(game)
    for player in subject.players(game):
        put_back(game, before)  # each player against the others as they are built
        terms = player.loss(clips_for(player, clip), turn_noise(player))
        demand(bool(terms), f"expected player {player.name!r} to return named loss terms: there are none")
        loss = total(terms)
        _ask_registered(player, loss, name_of)
        _ask_player(player, loss, name_of)
    _ask_left(game, name_of)


def _ask_registered(player: Player, loss: Tensor, name_of: dict[int, str]) -> None:
    hidden = [str(list(p.shape)) for p in _leaves(loss) if id(p) not in name_of]
    demand(
        not hidden,
        f"expected every weight to be inside game.parts: the loss of player {player.name!r} depends on {len(hidden)} that are not "
        f"(of shape {listed(hidden)}), and would neither be trained nor saved. Layers in a plain list are not seen; use nn.ModuleList.",
    )


def _leaves(loss: Tensor) -> list[nn.Parameter]:
    """Return every parameter that a loss depends on."""
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


def _ask_player(player: Player, loss: Tensor, name_of: dict[int, str]) -> None:
    who = f"player {player.name!r}"
    demand(loss.requires_grad, f"expected the loss of {who} to have a gradient: it depends on none of its parameters")
    grads = torch.autograd.grad(loss, player.parameters, allow_unused=True)
    found = list(zip(player.parameters, grads, strict=True))
    without = [name_of[id(p)] for p, g in found if g is None]
    demand(
        not without,
        f"expected the loss of {who} to reach every parameter that it moves: {len(without)} of {len(found)} get no "
        f"gradient ({listed(without)}). Leave what is not used out of the module.",
    )
    broken = [name_of[id(p)] for p, g in found if g is not None and not bool(g.isfinite().all())]
    demand(
        not broken,
        f"expected finite gradients for {who}: {len(broken)} of {len(found)} are not ({listed(broken)}), while the loss is "
        f"{float(loss.detach()):.3g}. A square root or a logarithm at 0 does this.",
    )
    _ask_step(player, grads, name_of)


def _ask_step(player: Player, grads: Sequence[Tensor], name_of: dict[int, str]) -> None:
    before = [p.detach().clone() for p in player.parameters]
    for parameter, grad in zip(player.parameters, grads, strict=True):
        parameter.grad = grad
    player.optimiser(player.parameters).step()
    pushed = [bool(grad.any()) for grad in grads]  # behind a gate that starts at zero nothing is pushed yet
    found = zip(player.parameters, before, pushed, strict=True)
    still = [name_of[id(p)] for p, was, push in found if push and torch.equal(p.detach(), was)]
    demand(
        2 * len(still) < sum(pushed) or not any(pushed),
        f"expected the optimiser of player {player.name!r} to move most parameters: {len(still)} of {sum(pushed)} stay where "
        f"they were ({listed(still)}). Is its learning rate 0?",
    )
    if player.after is None:
        return
    with torch.no_grad():
        player.after(torch.tensor(0))
    broken = [name_of[id(p)] for p in player.parameters if not bool(p.isfinite().all())]
    demand(
        not broken,
        f"expected `after` of player {player.name!r} to leave its parameters finite: {len(broken)} of {len(before)} are not "
        f"({listed(broken)})",
    )


def _ask_left(game: Game, name_of: dict[int, str]) -> None:
    moved = {id(p) for player in game.players for p in player.parameters}
    trainable = [p for part in game.parts.values() for p in part.parameters() if p.requires_grad]
    left = [name_of[id(p)] for p in trainable if id(p) not in moved]
    demand(
        not left,
        f"expected every trainable parameter to belong to a player: {len(left)} do not ({listed(left)}). Give them to a "
        "player, or call requires_grad_(False) on what stays as it is (an average of weights).",
    )
