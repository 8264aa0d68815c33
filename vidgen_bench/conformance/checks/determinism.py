"""One seed, one game; one key, one loss; and a sample that does not depend on what was drawn before."""

from __future__ import annotations

import torch

from vidgen_bench.api import Game
from vidgen_bench.conformance.checks.keys import STATE, keys
from vidgen_bench.conformance.checks.seeds import seeds
from vidgen_bench.conformance.draws import RecordedNoise, drawn_by
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import difference, evaluating, listed, row_noise, same, sample, start, states
from vidgen_bench.conformance.subject import Subject

BETWEEN = ((7, 8), (7,))
"""What is drawn between a sample and the same sample: another size of batch, then the same size, which a cache by shape keeps."""


def determinism(subject: Subject) -> None:
    """Ask that seeds and keys alone decide: weights, samples, losses; and that ``stochastic`` is true."""
    _ask_path(subject)
    game, twin = subject.game(0), subject.game(0)
    seeds(subject, game, twin, subject.game(1))
    _ask_samples(subject, game, twin)
    keys(subject)


def _ask_samples(subject: Subject, game: Game, twin: Game) -> None:
    grid = subject.composition.clip.grid
    before = states(evaluating(game))
    first = sample(game, (0,), grid)
    for rows in BETWEEN:
        sample(game, rows, grid)
    again = sample(game, (0,), grid)
    demand(
        same(first, again),
        f"expected a sample to be the same whatever was drawn before it: after others it is {difference(first, again):.3g} "
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


@torch.no_grad()
def _ask_path(subject: Subject) -> None:
    composition = subject.composition
    module, latent = composition.build_temporal(0), composition.latent
    if module is None or latent is None or composition.temporal is None:
        return
    noise = drawn_by(RecordedNoise, row_noise((0, 1)))
    z0 = start(latent, row_noise((0, 1)))
    given = z0.clone()
    module.eval()(z0, composition.clip.grid, noise)
    demand(
        same(z0, given),
        "expected forward to leave z_0 as it was: it changes it in place, and with it what the backbone goes on with. Work on a copy.",
    )
    declared = composition.temporal.stochastic
    drawn = listed(list(dict.fromkeys(map(str, noise.book)))) or "nothing"
    demand(
        declared == bool(noise.book),
        f"expected `stochastic` to say whether the path draws noise beyond z_0: it is {declared}, and forward draws {drawn}.",
    )
