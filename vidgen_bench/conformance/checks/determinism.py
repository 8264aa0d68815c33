"""One seed gives one game, one key gives one loss, and a sample does not depend on earlier samples."""

from __future__ import annotations

import torch

from vidgen_bench.api import Game
from vidgen_bench.conformance.checks.keys import STATE, check_keys
from vidgen_bench.conformance.checks.seeds import check_seeds
from vidgen_bench.conformance.comparison import abbreviated, bitwise_equal, largest_difference
from vidgen_bench.conformance.game_inputs import initial_latent, row_noise
from vidgen_bench.conformance.game_state import copy_states, evaluation_mode, sample_clips
from vidgen_bench.conformance.noise_variants import RecordedNoise, convert_noise
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.subject import Subject

BETWEEN = ((7, 8), (7,))
"""The rows drawn between two draws of one sample: another batch size, then the same size, to find caches by shape."""


def check_determinism(subject: Subject) -> None:
    """Check that seeds and keys alone determine weights, samples and losses, and that ``stochastic`` is declared correctly."""
    _check_path(subject)
    game, twin = subject.game(0), subject.game(0)
    check_seeds(subject, game, twin, subject.game(1))
    _check_samples(subject, game, twin)
    check_keys(subject)


def _check_samples(subject: Subject, game: Game, twin: Game) -> None:
    grid = subject.composition.clip.grid
    before = copy_states(evaluation_mode(game))
    first = sample_clips(game, (0,), grid)
    for rows in BETWEEN:
        sample_clips(game, rows, grid)
    again = sample_clips(game, (0,), grid)
    demand(
        bitwise_equal(first, again),
        f"expected a sample to be independent of earlier samples: after others it is {largest_difference(first, again):.3g} "
        "away. Take every random number from the noise passed to sample(), and keep no state between calls.",
    )
    demand(
        bitwise_equal(first, sample_clips(evaluation_mode(twin), (0,), grid)),
        "expected two games with one seed to give the same samples: the weights are equal and the samples differ. "
        + STATE,
    )
    moved = [
        f"{part}.{name}"
        for part, state in copy_states(game).items()
        for name, value in state.items()
        if not bitwise_equal(value, before[part][name])
    ]
    demand(
        not moved, f"expected sampling in evaluation mode to leave the state unchanged: it changed {abbreviated(moved)}"
    )


@torch.no_grad()
def _check_path(subject: Subject) -> None:
    composition = subject.composition
    module, latent = composition.build_temporal(0), composition.latent
    if module is None or latent is None or composition.temporal is None:
        return
    noise = convert_noise(RecordedNoise, row_noise((0, 1)))
    z0 = initial_latent(latent, row_noise((0, 1)))
    given = z0.clone()
    module.eval()(z0, composition.clip.grid, noise)
    demand(
        bitwise_equal(z0, given),
        "expected forward to leave z_0 unchanged: it modifies z_0 in place, which the backbone still uses. Work on a copy.",
    )
    declared = composition.temporal.stochastic
    drawn = abbreviated(list(dict.fromkeys(map(str, noise.draws)))) or "nothing"
    demand(
        declared == bool(noise.draws),
        f"expected `stochastic` to be True exactly if the path draws noise beyond z_0: it is {declared}, and forward draws {drawn}.",
    )
