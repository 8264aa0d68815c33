"""A null model's latents carry no motion: neighbouring frames are no nearer to each other than any two frames are."""

from __future__ import annotations

import torch

from vidgen_bench.conformance.game_inputs import initial_latent, row_noise
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.subject import Subject

ROWS = tuple(range(64))

SMALLEST = 0.75
"""Mean squared distance of neighbouring frames over that of all pairs of frames: 1 if the order of frames means nothing; with 4 frames
0.6 for a random walk and 0.3 for a path at constant speed."""


def is_null(subject: Subject) -> bool:
    """Return whether the temporal generator declares that it is a null model."""
    return subject.composition.temporal is not None and subject.composition.temporal.null


@torch.no_grad()
def check_null(subject: Subject) -> None:
    """Check that the frames of a path are equal, or that their order means nothing."""
    latent, noise = subject.composition.latent, row_noise(ROWS)
    module = subject.composition.build_temporal(0)
    assert latent is not None
    assert module is not None
    path = module.eval()(initial_latent(latent, noise), subject.composition.clip.grid, noise).flatten(2).double()
    near = float((path[:, 1:] - path[:, :-1]).square().mean())
    every = 2.0 * float(
        path.var(dim=1).mean()
    )  # the mean over pairs of frames of the squared distance is twice the variance
    demand(
        near >= SMALLEST * every,
        "expected a null model to carry no motion (it declares `null`): the mean squared distance between the latents of neighbouring "
        f"frames is {near:.3g}, and {every:.3g} between those of any two frames, so the path moves. Repeat one latent, or draw each "
        "frame's independently; or do not declare `null`.",
    )
