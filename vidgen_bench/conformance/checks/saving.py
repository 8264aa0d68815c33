"""A checkpoint holds the whole state of a game: loaded into another game, it gives the same samples and losses."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from vidgen_bench.api import Clip, Game, Player
from vidgen_bench.conformance.comparison import abbreviated, bitwise_equal, largest_difference
from vidgen_bench.conformance.game_inputs import clips_for, turn_noise
from vidgen_bench.conformance.game_state import (
    copy_states,
    evaluation_mode,
    restore_states,
    sample_clips,
    training_mode,
)
from vidgen_bench.conformance.nonconformance import Nonconformance, demand
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.training import checkpoint

ROWS = (0,)
ITERATIONS = (0, 1, 2, 1000)

WHERE = (
    "Keep everything that affects samples or losses, such as an average of weights, in a module of game.parts, as a parameter or a "
    "persistent buffer."
)


def check_saving(subject: Subject) -> None:
    """Check that saved parts, loaded into a game of another seed, give the same samples and the same next losses."""
    clip = subject.composition.clip
    game, other = subject.game(0), subject.game(1)
    _use(training_mode(game), clip)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "game.pt"
        checkpoint.save(path, {"parts": checkpoint.part_states(game.parts)})
        content = checkpoint.load(path, torch.device("cpu"))
    try:
        restore_states(other, content["parts"])
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise Nonconformance(f"expected saved parts to load into a game of another seed: {reason}") from None
    _check_samples(game, other, clip, "to give the same samples")
    for mine, theirs in zip(*(subject.players(training_mode(g)) for g in (game, other)), strict=True):
        a, b = _loss(subject, game, mine), _loss(subject, other, theirs)
        demand(
            bitwise_equal(a, b),
            f"expected saved parts, loaded into a game of another seed, to give player {mine.name!r} the same next loss: "
            f"{float(a.sum()):.9g} and {float(b.sum()):.9g}. {WHERE}",
        )
    _check_after(game, other)
    _check_samples(game, other, clip, "to give the same samples after another iteration")
    for mine, theirs in zip(game.players, other.players, strict=True):
        _check_schedule(mine, theirs)


def _check_samples(game: Game, other: Game, clip: Clip, what: str) -> None:
    one, two = (sample_clips(evaluation_mode(g), ROWS, clip.grid) for g in (game, other))
    demand(
        bitwise_equal(one, two),
        f"expected saved parts, loaded into a game of another seed, {what}: they differ by {largest_difference(one, two):.3g}. {WHERE}",
    )


def _use(game: Game, clip: Clip) -> None:
    """Run losses and ``after`` once, so that they update their state: statistics, averages of weights."""
    for player in game.players:
        player.loss(clips_for(player, clip), turn_noise(player))
    for player in game.players:
        _after(player, 0)


@torch.no_grad()
def _after(player: Player, calls: int) -> None:
    if player.after is not None:
        player.after(torch.tensor(calls * player.every))


def _check_after(game: Game, other: Game) -> None:
    """Check that ``after`` does the same in both games on changed weights, although the first game has already called it."""
    for one in (game, other):
        with torch.no_grad():
            for player in one.players:
                for p in player.parameters:
                    p.mul_(1.01).add_(0.01)
    for mine, theirs in zip(game.players, other.players, strict=True):
        _after(mine, 1)
        _after(theirs, 1)
        a, b = copy_states(game), copy_states(other)
        apart = [f"{part}.{k}" for part in a for k in a[part] if not bitwise_equal(a[part][k], b[part][k])]
        demand(
            not apart,
            f"expected `after` of player {mine.name!r} to do the same in a game loaded from saved parts: {len(apart)} "
            f"tensors differ ({abbreviated(apart)}). Other state is lost when a run resumes: use the iteration passed to it, or keep "
            "the state in a persistent buffer.",
        )


def _check_schedule(mine: Player, theirs: Player) -> None:
    """Check that the learning-rate factor depends on the iteration alone: a resumed run does not repeat earlier calls."""
    forth = {i: mine.schedule(i) for i in ITERATIONS}
    for player in (mine, theirs):
        for i in reversed(ITERATIONS):
            rate = player.schedule(i)
            demand(
                rate == forth[i],
                f"expected the schedule of player {mine.name!r} to depend on the iteration alone: at iteration {i} it gives "
                f"{forth[i]!r}, and {rate!r} when called again in another order. A resumed run starts in the middle.",
            )


def _loss(subject: Subject, game: Game, player: Player) -> torch.Tensor:
    terms = player.loss(clips_for(player, subject.composition.clip), turn_noise(player, key=9))
    return torch.stack([term.detach().double() for term in terms.values()])
