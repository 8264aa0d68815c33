"""The game in bfloat16 autocast: the same clips to a few digits, and losses that still have gradients."""

from __future__ import annotations

import torch

from vidgen_bench.conformance.checks.shapes import EDGE
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import (
    clips_for,
    listed,
    lively,
    names,
    put_back,
    sample,
    states,
    total,
    training,
    turn_noise,
)
from vidgen_bench.conformance.subject import Subject

ROWS = (0,)

NEAR, FLOOR = 0.1, 1e-3
"""The root mean square of the difference may be this share of the pixels' spread, and this much besides.

The shipped pairs are within 0.02 of their spread.
"""


def autocast(subject: Subject) -> None:
    """Ask that a game works under ``torch.autocast`` with bfloat16, clips near those in float32."""
    game, clip = subject.game(), subject.composition.clip
    before = states(game)
    exact = sample(lively(game, clip), ROWS, clip.grid)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        clips = sample(game, ROWS, clip.grid)
    demand(
        clips.shape == exact.shape,
        f"expected clips of shape {list(exact.shape)} under autocast, not {list(clips.shape)}",
    )
    demand(bool(clips.isfinite().all()), "expected finite clips under autocast with bfloat16")
    most = float(clips.abs().max())
    demand(
        most <= EDGE or float(exact.abs().max()) > EDGE,  # what float32 does already is not autocast's
        f"expected pixels in [-1, 1] under autocast: the largest is {most:.3g}",
    )
    apart, allowed = _rms(clips.double() - exact.double()), NEAR * float(exact.std()) + FLOOR
    demand(
        apart <= allowed,
        f"expected clips under autocast with bfloat16 (3 digits) near those in float32: the root mean square of the difference is "
        f"{apart:.3g}, allowed is {allowed:.3g}. Do what needs more digits with autocast switched off.",
    )
    put_back(game, before)
    name_of = names(training(game).parts)
    for player in subject.players(game):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            terms = player.loss(clips_for(player, clip), turn_noise(player))
        loss = total(terms)
        demand(bool(loss.isfinite()), f"expected a finite loss of player {player.name!r} under autocast with bfloat16")
        grads = torch.autograd.grad(loss, player.parameters, allow_unused=True) if loss.requires_grad else ()
        bad = [
            name_of[id(p)]
            for p, g in zip(player.parameters, grads, strict=False)
            if g is not None and not bool(g.isfinite().all())
        ]
        demand(
            not bad,
            f"expected finite gradients of player {player.name!r} under autocast with bfloat16: {len(bad)} are not ({listed(bad)})",
        )


def _rms(values: torch.Tensor) -> float:
    return float(values.square().mean().sqrt())
