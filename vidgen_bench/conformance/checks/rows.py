"""A sample depends on its own row of the noise only: not on the batch, nor on its position in the batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vidgen_bench.api import Times
from vidgen_bench.conformance.checks.renderer import build_with_constant_path
from vidgen_bench.conformance.comparison import abbreviated, bitwise_equal, largest_difference
from vidgen_bench.conformance.game_inputs import initial_latent, row_noise
from vidgen_bench.conformance.game_state import evaluation_mode
from vidgen_bench.conformance.noise_variants import Draw, RecordedNoise, convert_noise
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.outputs import Output, outputs
from vidgen_bench.conformance.subject import Subject

BATCH, SOME = (10, 11, 12), ((11,), (12, 10))
"""Samples drawn together, and the subsets drawn again: one alone, two in another order."""


def check_rows(subject: Subject) -> None:
    """Check that equal rows draw exactly the same numbers and give the same values up to rounding."""
    grid = subject.composition.clip.grid
    _check_names(subject)
    for output in outputs(subject):
        batch, drawn = _recorded(output, BATCH, grid)
        for some in SOME:
            alone, draws = _recorded(output, some, grid)
            _check_draws(draws, _by_row(drawn), some)
            apart, allowed = (
                largest_difference(alone, batch[[BATCH.index(row) for row in some]]),
                output.tolerance(batch),
            )
            demand(
                apart <= allowed,
                f"expected {output.name} of {_named(some)} to be the same as in a batch of {len(BATCH)}, within {allowed:.2g}: "
                f"{apart:.3g} apart. Common causes are a mean over the batch, batch normalisation in training mode, and random numbers "
                "that do not come from the noise.",
            )


@torch.no_grad()
def _check_names(subject: Subject) -> None:
    """One name gives one set of numbers, whatever the distribution: two sides that share a name are not independent."""
    composition = subject.composition
    module, latent = composition.build_temporal(0), composition.latent
    if module is None or latent is None:
        return
    path, clips = (convert_noise(RecordedNoise, row_noise(BATCH)) for _ in range(2))
    module.eval()(initial_latent(latent, row_noise(BATCH)), composition.clip.grid, path)
    evaluation_mode(build_with_constant_path(composition)).draw(clips, composition.clip.grid)
    both = sorted({draw.name for draw in path.draws} & {draw.name for draw in clips.draws})
    demand(
        not both,
        f"expected the path to use its own names for noise: the backbone {composition.backbone.name!r} draws "
        f"{abbreviated([repr(name) for name in both])} too. One name gives one set of numbers, so the draws are not independent. "
        "Choose a name that describes the draw.",
    )


def _recorded(output: Output, some: Sequence[int], times: Times) -> tuple[Tensor, list[Draw]]:
    noise = convert_noise(RecordedNoise, row_noise(some))
    return output.frames(noise, times), noise.draws


Key = tuple[str, str, tuple[int, ...], int | None]


def _by_row(draws: Sequence[Draw]) -> dict[Key, Tensor]:
    """Return the draws of each row; draws shared by the batch have row None."""
    found: dict[Key, Tensor] = {}
    for draw in draws:
        if not draw.rows:
            found[draw.law, draw.name, draw.shape, None] = draw.values
        for row, value in zip(draw.rows, draw.values, strict=False):
            found[draw.law, draw.name, draw.shape, row] = value
    return found


def _check_draws(draws: Sequence[Draw], batch: dict[Key, Tensor], some: Sequence[int]) -> None:
    of_batch = {key[:3] for key in batch}
    for draw in draws:
        demand(
            (draw.law, draw.name, draw.shape) in of_batch,
            f"expected {_named(some)} to draw the same noise as in a batch of {len(BATCH)}: the batch has no draw {draw}. "
            "A draw has one entry per row already; leave the batch out of its shape.",
        )
    for key, value in _by_row(draws).items():
        demand(
            key in batch and bitwise_equal(value, batch[key]),
            f"expected row {key[3]} to draw the same numbers as in a batch of {len(BATCH)}: {key[0]}({key[1]!r}) of that row differs. "
            "Do not change noise.rows in sample().",
        )


def _named(some: Sequence[int]) -> str:
    return f"sample {some[0]} alone" if len(some) == 1 else f"samples {' and '.join(map(str, some))} by themselves"
