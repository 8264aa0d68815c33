"""One seed, one game; one key, one loss; and a sample that does not depend on what was drawn before."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from vidgen_bench.api import Game, Player
from vidgen_bench.conformance.draws import RecordedNoise, drawn_by
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import (
    clips_for,
    difference,
    evaluating,
    listed,
    put_back,
    row_noise,
    same,
    sample,
    start,
    states,
    training,
    turn_noise,
)
from vidgen_bench.conformance.subject import Subject

INIT = "Draw weights by torch's own initialisers, whose generator the harness seeds."
STATE = "Everything with state belongs into a module of game.parts, as a parameter or a buffer."


def determinism(subject: Subject) -> None:
    """Ask that seeds and keys alone decide: weights, samples, losses; and that ``stochastic`` is true."""
    _ask_stochastic(subject)
    game, twin, other = subject.game(0), subject.game(0), subject.game(1)
    _ask_weights(game, twin, other)
    _ask_samples(subject, game, twin)
    for player in subject.players(training(game)):
        _ask_loss(subject, game, player)


def _ask_weights(game: Game, twin: Game, other: Game) -> None:
    again, another = states(twin), states(other)
    for part, state in states(game).items():
        changed = [name for name, value in state.items() if not _has(again[part], name, value)]
        demand(
            not changed,
            f"expected one seed to build the same weights twice: {len(changed)} of the {len(state)} tensors of {part!r} differ "
            f"({listed(changed)}). {INIT}",
        )
        trained = [name for name, p in game.parts[part].named_parameters() if p.requires_grad]
        demand(
            not trained or any(not _has(another[part], name, state[name]) for name in trained),
            f"expected another seed to build other weights: all {len(trained)} of {part!r} are the same. {INIT}",
        )


def _has(state: Mapping[str, Tensor], name: str, value: Tensor) -> bool:
    return name in state and same(state[name], value)


def _ask_samples(subject: Subject, game: Game, twin: Game) -> None:
    grid = subject.composition.clip.grid
    before = states(evaluating(game))
    first = sample(game, (0,), grid)
    sample(game, (7, 8), grid)
    again = sample(game, (0,), grid)
    demand(
        same(first, again),
        f"expected a sample to be the same whatever was drawn before it: after two others it is {difference(first, again):.3g} "
        "away. Take every random number from the noise that sample() is given, and keep nothing from call to call.",
    )
    demand(
        same(first, sample(evaluating(twin), (0,), grid)),
        "expected one seed to give the same samples twice: the weights are equal and the samples differ. " + STATE,
    )
    moved = [
        f"{part}.{name}"
        for part, state in states(game).items()
        for name, value in state.items()
        if not same(value, before[part][name])
    ]
    demand(not moved, f"expected sampling in evaluation mode to change no state: it changed {listed(moved)}")


def _ask_loss(subject: Subject, game: Game, player: Player) -> None:
    batch, before = clips_for(player, subject.composition.clip), states(game)
    found = []
    noise = drawn_by(RecordedNoise, turn_noise(player))
    for given in (noise, turn_noise(player), turn_noise(player, key=1)):
        put_back(game, before)
        terms = player.loss(batch, given)
        found.append(torch.stack([t.detach().double() for t in terms.values()]))
    put_back(game, before)
    demand(
        same(found[0], found[1]),
        f"expected one key and one state to give player {player.name!r} one loss: {_numbers(found[0])}, then "
        f"{_numbers(found[1])}. {STATE}",
    )
    if player.feed is None or noise.book:
        demand(
            not same(found[0], found[2]),
            f"expected another key to give player {player.name!r} another loss: it is {_numbers(found[0])} under both. Draw z "
            "from the noise that the loss is given.",
        )


def _numbers(values: Tensor) -> str:
    return ", ".join(f"{v:.9g}" for v in values.tolist())


@torch.no_grad()
def _ask_stochastic(subject: Subject) -> None:
    composition = subject.composition
    module, latent = composition.build_temporal(0), composition.latent
    if module is None or latent is None or composition.temporal is None:
        return
    noise = drawn_by(RecordedNoise, row_noise((0, 1)))
    module.eval()(start(latent, row_noise((0, 1))), composition.clip.grid, noise)
    declared = composition.temporal.stochastic
    drawn = listed(list(dict.fromkeys(map(str, noise.book)))) or "nothing"
    demand(
        declared == bool(noise.book),
        f"expected `stochastic` to say whether the path draws noise beyond z_0: it is {declared}, and forward draws {drawn}.",
    )
