"""Every loss term is a mean over rows: only then is the mean over processes exact."""

from __future__ import annotations

import torch

from vidgen_bench.api import Batch
from vidgen_bench.conformance.draws import twice
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import clips_for, put_back, states, training, turn_noise
from vidgen_bench.conformance.subject import Subject

RELATIVE, ABSOLUTE = 1e-4, 1e-6


def means(subject: Subject) -> None:
    """Ask that every term stays what it is when every row comes twice; a sum over rows would double.

    Clips, labels and noise rows are repeated, ``noise.sized`` repeats in its turn, and ``noise.shared`` stays: it is one draw for the
    batch. Batch normalisation sees the same statistics.
    """
    game, clip = training(subject.game()), subject.composition.clip
    before = states(game)
    for player in subject.players(game):
        batch, noise = clips_for(player, clip), turn_noise(player)
        once = player.loss(batch, noise)
        put_back(game, before)
        both = player.loss(_twice(batch), twice(noise))
        put_back(game, before)
        for name, term in once.items():
            a, b = float(term.detach()), float(both[name].detach())
            demand(
                abs(a - b) <= RELATIVE * max(abs(a), abs(b)) + ABSOLUTE,
                f"expected the term {name!r} of player {player.name!r} to be a mean over rows, which stays as it is when every row comes "
                f"twice: it goes from {a:.6g} to {b:.6g}. Sums over rows, and divisions by a fixed batch size, are wrong on several "
                "processes; take mean().",
            )


def _twice(batch: Batch | None) -> Batch | None:
    return None if batch is None else Batch(*(torch.cat([t, t]) for t in (batch.clips, batch.labels)))
