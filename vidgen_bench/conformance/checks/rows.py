"""A sample depends on its own row of the noise: neither on the batch that it comes in nor on its place there."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vidgen_bench.api import Times
from vidgen_bench.conformance.checks.renderer import around_still
from vidgen_bench.conformance.draws import Draw, RecordedNoise, drawn_by
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import difference, evaluating, listed, row_noise, same, start
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.conformance.views import View, views

BATCH, SOME = (10, 11, 12), ((11,), (12, 10))
"""Samples drawn together, and some of them again: one alone, two in another order."""


def rows(subject: Subject) -> None:
    """Ask that the same rows draw the same numbers exactly and give the same values to rounding."""
    grid = subject.composition.clip.grid
    _ask_names(subject)
    for view in views(subject):
        batch, drawn = _recorded(view, BATCH, grid)
        for some in SOME:
            alone, draws = _recorded(view, some, grid)
            _ask_draws(draws, _by_row(drawn), some)
            apart, allowed = difference(alone, batch[[BATCH.index(row) for row in some]]), view.tolerance(batch)
            demand(
                apart <= allowed,
                f"expected {view.what} of {_named(some)} to be the same as in a batch of {len(BATCH)}, within {allowed:.2g}: "
                f"{apart:.3g} apart. A mean over the batch, batch normalisation in training mode, or numbers that do not come from "
                "the noise do this.",
            )


@torch.no_grad()
def _ask_names(subject: Subject) -> None:
    """One name is one set of numbers, whatever the law: what two sides draw under it is not independent."""
    composition = subject.composition
    module, latent = composition.build_temporal(0), composition.latent
    if module is None or latent is None:
        return
    path, clips = (drawn_by(RecordedNoise, row_noise(BATCH)) for _ in range(2))
    module.eval()(start(latent, row_noise(BATCH)), composition.clip.grid, path)
    evaluating(around_still(composition)).sample(clips, composition.clip.grid)
    both = sorted({draw.name for draw in path.book} & {draw.name for draw in clips.book})
    demand(
        not both,
        f"expected the path to draw noise under names of its own: the backbone {composition.backbone.name!r} draws "
        f"{listed([repr(name) for name in both])} too, and one name gives one set of numbers, so that the two are not independent. "
        "Choose a name that tells what the draw is for.",
    )


def _recorded(view: View, some: Sequence[int], times: Times) -> tuple[Tensor, list[Draw]]:
    noise = drawn_by(RecordedNoise, row_noise(some))
    return view.frames(noise, times), noise.book


Key = tuple[str, str, tuple[int, ...], int | None]


def _by_row(draws: Sequence[Draw]) -> dict[Key, Tensor]:
    """Return what each row drew; what is shared by the batch has row None."""
    found: dict[Key, Tensor] = {}
    for draw in draws:
        if not draw.rows:
            found[draw.law, draw.name, draw.shape, None] = draw.values
        for row, value in zip(draw.rows, draw.values, strict=False):
            found[draw.law, draw.name, draw.shape, row] = value
    return found


def _ask_draws(draws: Sequence[Draw], batch: dict[Key, Tensor], some: Sequence[int]) -> None:
    of_batch = {key[:3] for key in batch}
    for draw in draws:
        demand(
            (draw.law, draw.name, draw.shape) in of_batch,
            f"expected {_named(some)} to draw the same noise as in a batch of {len(BATCH)}: {draw} is drawn there in no such shape. "
            "A draw has one entry a row already; leave the batch out of its shape.",
        )
    for key, value in _by_row(draws).items():
        demand(
            key in batch and same(value, batch[key]),
            f"expected row {key[3]} to draw the same numbers as in a batch of {len(BATCH)}: {key[0]}({key[1]!r}) of that row differs. "
            "Leave noise.rows as they are when sampling.",
        )


def _named(some: Sequence[int]) -> str:
    return f"sample {some[0]} alone" if len(some) == 1 else f"samples {' and '.join(map(str, some))} by themselves"
