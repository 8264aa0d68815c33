"""Every loss term is a mean over rows: only then is the mean over processes exact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from vidgen_bench.api import Batch, Game, Player
from vidgen_bench.conformance.draws import twice
from vidgen_bench.conformance.nonconformance import Nonconformance
from vidgen_bench.conformance.play import PURPOSE, States, clips_for, put_back, states, training, turn_noise
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.errors import PluginError
from vidgen_bench.noise import Noise, key_of, training_noise

RELATIVE, ABSOLUTE = 1e-4, 1e-6
PROCESSES = 2

Turn = tuple[Batch | None, Noise]


def means(subject: Subject) -> None:
    """Ask that every term stays what it is when every row comes twice, and is the mean of what two processes see."""
    game, clip = training(subject.game()), subject.composition.clip
    players = subject.players(game)
    for player in players:
        _ask_twice(game, player, clips_for(player, clip))
    for part in game.parts.values():
        for module in part.modules():
            if isinstance(module, _BatchNorm):
                module.eval()  # with statistics of each process's own rows the loss is another, and may be
    for player in players:
        _ask_processes(game, player, clips_for(player, clip))


def _ask_twice(game: Game, player: Player, batch: Batch | None) -> None:
    """A sum over rows doubles when every row comes twice.

    Clips, labels and noise rows are repeated, ``noise.sized`` repeats in its turn, and ``noise.shared`` stays: it is one draw for the
    batch. Batch normalisation sees the same statistics.
    """
    noise = turn_noise(player)
    doubled = batch and Batch(*(torch.cat([t, t]) for t in (batch.clips, batch.labels)))
    for name, a, b in _unlike(game, player, (batch, noise), [(doubled, twice(noise))]):
        raise Nonconformance(
            f"expected the term {name!r} of player {player.name!r} to be a mean over rows, which stays as it is when every row comes "
            f"twice: it goes from {a:.6g} to {b:.6g}. Sums over rows, and divisions by a fixed batch size, are wrong on several "
            "processes; take mean()."
        )


def _ask_processes(game: Game, player: Player, batch: Batch | None) -> None:
    """The mean over two processes, each with its half of the rows, is what one process has of all of them."""
    rows = max(player.batch - player.batch % PROCESSES, PROCESSES)
    whole = batch and Batch(*(torch.cat([t, t])[:rows] for t in (batch.clips, batch.labels)))
    key = torch.tensor(key_of(0, PURPOSE, player.name))
    shares = [(_share(whole, rank), training_noise(key, rows, rank, PROCESSES)) for rank in range(PROCESSES)]
    try:
        unlike = list(_unlike(game, player, (whole, training_noise(key, rows)), shares))
    except PluginError:
        return  # a number of images, say, that two processes cannot share
    for name, a, b in unlike:
        raise Nonconformance(
            f"expected the term {name!r} of player {player.name!r} to be a mean over rows: for {rows} rows it is {a:.6g}, and the mean of "
            f"what two processes get for half of them each is {b:.6g}. A statistic over the batch (its largest, its deviation, the square "
            "of its mean) cannot be averaged over processes; take the mean of a value that each row has by itself."
        )


def _share(batch: Batch | None, rank: int) -> Batch | None:
    return batch and Batch(*(t.chunk(PROCESSES)[rank] for t in (batch.clips, batch.labels)))


def _unlike(game: Game, player: Player, one: Turn, several: Sequence[Turn]) -> Iterator[tuple[str, float, float]]:
    """Yield the terms whose value for one turn is not the mean of those for several, with both values."""
    before = states(game)
    first, *others = [_terms(game, player, before, turn) for turn in (one, *several)]
    for name, a in first.items():
        b = sum(other[name] for other in others) / len(others)
        if not abs(a - b) <= RELATIVE * max(abs(a), abs(b)) + ABSOLUTE:
            yield name, a, b


def _terms(game: Game, player: Player, before: States, turn: Turn) -> dict[str, float]:
    terms = {name: float(term.detach()) for name, term in player.loss(*turn).items()}
    put_back(game, before)
    return terms
