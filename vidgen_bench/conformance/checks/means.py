"""Every loss term is a mean over rows, so that the mean over processes is exact, and every process keeps the same state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from vidgen_bench.api import Batch, Game, Player
from vidgen_bench.conformance.comparison import abbreviated, bitwise_equal
from vidgen_bench.conformance.game_inputs import PURPOSE, clips_for, turn_noise
from vidgen_bench.conformance.game_state import States, copy_states, restore_states, training_mode
from vidgen_bench.conformance.noise_variants import repeat_rows
from vidgen_bench.conformance.nonconformance import Nonconformance, demand
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.errors import PluginError
from vidgen_bench.noise import Noise, key_of, training_noise

RELATIVE, ABSOLUTE = 1e-4, 1e-6
PROCESSES = 2

Turn = tuple[Batch | None, Noise]


@dataclass(frozen=True)
class Played:
    """The terms of a loss, and the state of the game after it."""

    terms: dict[str, float]
    state: States


def check_means(subject: Subject) -> None:
    """Check that repeating every row leaves each term unchanged, and that a term is the mean of those of two processes."""
    game, clip = training_mode(subject.game()), subject.composition.clip
    players = subject.players(game)
    for player in players:
        _check_twice(game, player, clips_for(player, clip))
    for part in game.parts.values():
        for module in part.modules():
            if isinstance(module, _BatchNorm):
                module.eval()  # statistics of each process's own rows legitimately change the loss
    for player in players:
        _check_processes(game, player, clips_for(player, clip))


def _check_twice(game: Game, player: Player, batch: Batch | None) -> None:
    """Repeat every row: a sum over rows doubles, a mean does not change.

    Clips, labels, noise rows and the rows of ``noise.sized`` are repeated; ``noise.shared`` is one draw for the batch and stays. The
    statistics of batch normalisation are unchanged.
    """
    noise = turn_noise(player)
    doubled = batch and Batch(*(torch.cat([t, t]) for t in (batch.clips, batch.labels)))
    for name, a, b in _unlike(*_played(game, player, [(batch, noise), (doubled, repeat_rows(noise))])):
        raise Nonconformance(
            f"expected the term {name!r} of player {player.name!r} to be a mean over rows, unchanged when every row is repeated: "
            f"it changes from {a:.6g} to {b:.6g}. Sums over rows and divisions by a fixed batch size are wrong on several "
            "processes; use mean()."
        )


def _check_processes(game: Game, player: Player, batch: Batch | None) -> None:
    """The mean over two processes with half of the rows each equals the value of one process with all rows."""
    rows = max(player.batch - player.batch % PROCESSES, PROCESSES)
    whole = batch and Batch(*(torch.cat([t, t])[:rows] for t in (batch.clips, batch.labels)))
    key = torch.tensor(key_of(0, PURPOSE, player.name))
    shares = [(_share(whole, rank), training_noise(key, rows, rank, PROCESSES)) for rank in range(PROCESSES)]
    try:
        one, *several = _played(game, player, [(whole, training_noise(key, rows)), *shares])
    except PluginError:
        return  # for example, a number of images that two processes cannot share
    for name, a, b in _unlike(one, *several):
        raise Nonconformance(
            f"expected the term {name!r} of player {player.name!r} to be a mean over rows: for {rows} rows it is {a:.6g}, and the mean "
            f"over two processes with half of the rows each is {b:.6g}. A batch statistic (a maximum, a standard deviation, a squared "
            "mean) cannot be averaged over processes; use the mean of a value per row."
        )
    first, second = (played.state for played in several)
    apart = [
        f"{part}.{name}"
        for part in first
        for name, a in first[part].items()
        if not bitwise_equal(a, second[part][name])
    ]
    demand(
        not apart,
        f"expected the loss of player {player.name!r} to change buffers in the same way on every process: {len(apart)} differ between "
        f"two processes with half of the rows each ({abbreviated(apart)}). Only the statistics of batch normalisation, by "
        "torch.nn.functional.batch_norm, are taken over all processes.",
    )


def _share(batch: Batch | None, rank: int) -> Batch | None:
    return batch and Batch(*(t.chunk(PROCESSES)[rank] for t in (batch.clips, batch.labels)))


def _unlike(one: Played, *several: Played) -> Iterator[tuple[str, float, float]]:
    """Yield each term whose value for one turn differs from its mean over several turns, with both values."""
    for name, a in one.terms.items():
        b = sum(other.terms[name] for other in several) / len(several)
        if not abs(a - b) <= RELATIVE * max(abs(a), abs(b)) + ABSOLUTE:
            yield name, a, b


def _played(game: Game, player: Player, turns: Sequence[Turn]) -> list[Played]:
    """Return the terms of a player's loss in several turns, each from the same state, and the state after each."""
    before, found = copy_states(game), []
    for turn in turns:
        terms = {name: float(term.detach()) for name, term in player.loss(*turn).items()}
        found.append(Played(terms, copy_states(game)))
        restore_states(game, before)
    return found
