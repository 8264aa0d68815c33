"""The classes of a class-conditional game: each is a function of its own row of the noise, and decides what the clip shows."""

from __future__ import annotations

import torch
from torch import Tensor

from vidgen_bench.api import Clip, Game
from vidgen_bench.conformance.checks.shapes import WARMED
from vidgen_bench.conformance.checks.step import warm_up
from vidgen_bench.conformance.comparison import abbreviated, bitwise_equal, largest_difference
from vidgen_bench.conformance.game_inputs import row_noise
from vidgen_bench.conformance.game_state import calibrate_batch_norm, evaluation_mode
from vidgen_bench.conformance.noise_variants import RecordedNoise, convert_noise
from vidgen_bench.conformance.nonconformance import Nonconformance, demand
from vidgen_bench.conformance.outputs import TOLERANCE
from vidgen_bench.conformance.process import run_and_restore
from vidgen_bench.conformance.subject import Subject

MANY, SOME = range(256), (9, 4)
"""Rows whose classes are drawn together, and two of them that are drawn again, in another order."""

ROWS, MIXED = (10, 11, 12), (0, 1, 1)
"""Samples, and the class passed for each of them."""


def has_labels(subject: Subject) -> bool:
    """Return whether a backbone is class-conditional; asked once per backbone, alone or with its own temporal generator."""
    found: list[bool] = []
    try:
        if subject.is_own:
            run_and_restore(lambda: found.append(subject.game().labels is not None))
    except KeyboardInterrupt:
        raise
    except BaseException:  # the other checks report it
        return False
    return any(found)


@torch.no_grad()
def check_labels(subject: Subject) -> None:
    """Check that classes are drawn from the noise, row by row, and that ``sample`` renders the classes passed to it."""
    game, clip = evaluation_mode(subject.game()), subject.composition.clip
    demand(
        clip.classes > 1,
        "expected `small` of a class-conditional backbone to have at least 2 classes, so that a class can make a difference: it has 1",
    )
    _check_drawn(game, clip.classes)
    try:
        trained = subject.composition.build(0, tuple(range(1, clip.classes + 1)))
        _check_drawn(evaluation_mode(trained), clip.classes)
    except Nonconformance as error:  # a run builds its game so
        raise Nonconformance(f"with training videos of each class given: {error}") from None
    _check_names(game, clip)
    _check_used(subject)


def _draw(game: Game, rows: range | tuple[int, ...]) -> Tensor:
    assert game.labels is not None
    return game.labels(row_noise(rows))


def _check_drawn(game: Game, classes: int) -> None:
    many = _draw(game, MANY)
    demand(
        isinstance(many, Tensor) and many.dtype == torch.int64 and many.shape == (len(MANY),),
        f"expected game.labels to return int64 [N], [{len(MANY)}] here: it returns {_described(many)}",
    )
    low, high = int(many.min()), int(many.max())
    demand(
        low >= 0 and high < classes,
        f"expected game.labels to draw classes from 0 to {classes - 1}: they are from {low} to {high}",
    )
    demand(
        low < high,
        f"expected game.labels to draw several of the {classes} classes: all {len(MANY)} are {low}. Draw them from the noise.",
    )
    demand(
        bitwise_equal(_draw(game, SOME), many[list(SOME)]),
        "expected the class of a sample to depend on its own row of the noise only: in another batch it is another one. Take every "
        "random number from the noise passed to labels().",
    )


def _check_names(game: Game, clip: Clip) -> None:
    """One name gives one set of numbers, so a class and a latent that share a name are not independent."""
    assert game.labels is not None
    first, second = (convert_noise(RecordedNoise, row_noise(ROWS)) for _ in range(2))
    game.draw(second, clip.grid, game.labels(first))
    both = sorted({draw.name for draw in first.draws} & {draw.name for draw in second.draws})
    demand(
        not both,
        f"expected labels to use its own names for noise: sample() draws {abbreviated([repr(name) for name in both])} too. One name "
        "gives one set of numbers, so class and clip would not be independent.",
    )


def _check_used(subject: Subject) -> None:
    """Check that another class gives another clip, and that each sample has the class passed for it."""
    clip, least = subject.composition.clip, TOLERANCE
    game = calibrate_batch_norm(subject.game(), clip)
    zero, one = (_clips(game, clip, (k,) * len(ROWS)) for k in (0, 1))
    if _nearest(zero, one) <= least:  # weights that start at zero need a few iterations
        with torch.enable_grad():
            game = warm_up(subject)
        game, least = calibrate_batch_norm(game, clip), WARMED
        zero, one = (_clips(game, clip, (k,) * len(ROWS)) for k in (0, 1))
    demand(
        _nearest(zero, one) > least,
        "expected another class to give another clip: with the classes 0 and 1, a sample is the same. Render the labels passed to "
        "sample().",
    )
    mixed = _clips(game, clip, MIXED)
    for row, label, clips, *both in zip(ROWS, MIXED, mixed, zero, one, strict=True):
        right, wrong = largest_difference(clips, both[label]), largest_difference(clips, both[1 - label])
        demand(
            2.0 * right < wrong,
            f"expected each sample to have the class passed for it: of the classes {', '.join(map(str, MIXED))}, sample {row} does not "
            f"have class {label}. Entry i of the labels belongs to row i; repeat both in the same way for the frames of a clip.",
        )


def _clips(game: Game, clip: Clip, labels: tuple[int, ...]) -> Tensor:
    return game.draw(row_noise(ROWS), clip.grid, torch.tensor(labels))


def _nearest(zero: Tensor, one: Tensor) -> float:
    """Return the smallest difference over the samples."""
    return min(largest_difference(a, b) for a, b in zip(zero, one, strict=True))


def _described(value: object) -> str:
    if not isinstance(value, Tensor):
        return f"a {type(value).__name__}"
    return f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}"
