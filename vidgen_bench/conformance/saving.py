"""A checkpoint is the whole of a game: put into another one, it samples and goes on the same."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from vidgen_bench.api import Clip, Game, Player
from vidgen_bench.conformance.nonconformance import Nonconformance, demand
from vidgen_bench.conformance.play import clips_for, difference, evaluating, same, sample, training, turn_noise
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.training import checkpoint

ROWS = (0,)

WHERE = "What decides a sample or a loss belongs into a module of game.parts, as a parameter or a persistent buffer."


def saving(subject: Subject) -> None:
    """Ask that saved parts, loaded into a game of another seed, give the same samples and the same next losses."""
    clip = subject.composition.clip
    game, other = subject.game(0), subject.game(1)
    _use(training(game), clip)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "game.pt"
        checkpoint.save(path, {"parts": checkpoint.part_states(game.parts)})
        content = checkpoint.load(path, torch.device("cpu"))
    _load(other, content["parts"])
    one, two = (sample(evaluating(g), ROWS, clip.grid) for g in (game, other))
    demand(
        same(one, two),
        f"expected saved parts, loaded into a game of another seed, to give the same samples: {difference(one, two):.3g} apart. {WHERE}",
    )
    for mine, theirs in zip(*(subject.players(training(g)) for g in (game, other)), strict=True):
        a, b = _loss(subject, game, mine), _loss(subject, other, theirs)
        demand(
            same(a, b),
            f"expected saved parts, loaded into a game of another seed, to give player {mine.name!r} the same next loss: "
            f"{float(a.sum()):.9g} and {float(b.sum()):.9g}. {WHERE}",
        )


def _use(game: Game, clip: Clip) -> None:
    """Let losses and ``after`` change what they keep: statistics, averages of weights."""
    for player in game.players:
        player.loss(clips_for(player, clip), turn_noise(player))
        if player.after is not None:
            with torch.no_grad():
                player.after(torch.tensor(0))


def _load(game: Game, saved: Mapping[str, Any]) -> None:
    try:
        for name, part in game.parts.items():
            part.load_state_dict(saved[name])
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise Nonconformance(f"expected saved parts to fit a game of another seed: {reason}") from None


def _loss(subject: Subject, game: Game, player: Player) -> torch.Tensor:
    terms = player.loss(clips_for(player, subject.composition.clip), turn_noise(player, key=9))
    return torch.stack([term.detach().double() for term in terms.values()])
