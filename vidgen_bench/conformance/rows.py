"""A sample depends on its own row of the noise: neither on the batch that it comes in nor on its place there."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from vidgen_bench.api import Times
from vidgen_bench.conformance.draws import Draw, RecordedNoise, drawn_by
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import difference, row_noise, same
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.conformance.views import View, views

BATCH, SOME = (10, 11, 12), ((11,), (12, 10))
"""Samples drawn together, and some of them again: one alone, two in another order."""


def rows(subject: Subject) -> None:
    """Ask that the same rows draw the same numbers exactly and give the same values to rounding."""
    grid = subject.composition.clip.grid
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
