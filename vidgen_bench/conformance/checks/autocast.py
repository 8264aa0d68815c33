"""The game under bfloat16 autocast: nearly the same clips, and finite losses and gradients."""

from __future__ import annotations

import torch

from vidgen_bench.conformance.checks.shapes import EDGE
from vidgen_bench.conformance.comparison import abbreviated
from vidgen_bench.conformance.game_inputs import clips_for, turn_noise
from vidgen_bench.conformance.game_state import (
    calibrate_batch_norm,
    copy_states,
    parameter_names,
    restore_states,
    sample_clips,
    total_loss,
    training_mode,
)
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.precision import no_onednn
from vidgen_bench.conformance.subject import Subject

ROWS = (0,)

NEAR, FLOOR = 0.1, 1e-3
"""The largest allowed root-mean-square difference: this share of the pixels' standard deviation, plus this constant.

The pairs of the first-party plugins differ by less than 0.02 standard deviations.
"""


def check_autocast(subject: Subject) -> None:
    """Check that a game works under ``torch.autocast`` with bfloat16, with clips close to those in float32."""
    game, clip = subject.game(), subject.composition.clip
    before = copy_states(game)
    exact = sample_clips(calibrate_batch_norm(game, clip), ROWS, clip.grid)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        clips = sample_clips(game, ROWS, clip.grid)
    demand(
        clips.shape == exact.shape,
        f"expected clips of shape {list(exact.shape)} under autocast, not {list(clips.shape)}",
    )
    demand(bool(clips.isfinite().all()), "expected finite clips under autocast with bfloat16")
    most = float(clips.abs().max())
    demand(
        most <= EDGE or float(exact.abs().max()) > EDGE,  # otherwise float32 exceeds the range too
        f"expected pixels in [-1, 1] under autocast: the largest is {most:.3g}",
    )
    apart, allowed = float((clips.double() - exact.double()).square().mean().sqrt()), NEAR * float(exact.std()) + FLOOR
    demand(
        apart <= allowed,
        f"expected clips under autocast with bfloat16 (3 digits) near those in float32: the root mean square of the difference is "
        f"{apart:.3g}, at most {allowed:.3g} is allowed. Disable autocast where you need more digits.",
    )
    restore_states(game, before)
    name_of = parameter_names(training_mode(game).parts)
    for player in subject.players(game):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            terms = player.loss(clips_for(player, clip), turn_noise(player))
        loss = total_loss(terms)
        demand(bool(loss.isfinite()), f"expected a finite loss of player {player.name!r} under autocast with bfloat16")
        with no_onednn():
            grads = torch.autograd.grad(loss, player.parameters, allow_unused=True) if loss.requires_grad else ()
        bad = [
            name_of[id(p)]
            for p, g in zip(player.parameters, grads, strict=False)
            if g is not None and not bool(g.isfinite().all())
        ]
        demand(
            not bad,
            f"expected finite gradients of player {player.name!r} under autocast with bfloat16: {len(bad)} are not ({abbreviated(bad)})",
        )
