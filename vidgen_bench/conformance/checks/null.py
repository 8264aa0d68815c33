"""A null model's latents carry no motion: neighbouring frames are no nearer to each other than the first and the last frame are."""

from __future__ import annotations

import torch

from vidgen_bench.conformance.game_inputs import initial_latent, row_noise
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.subject import Subject

ROWS = tuple(range(64))

SMALLEST = 0.5
"""Mean squared distance of neighbouring frames over that of the first and last: 1 if the order of frames means nothing, and at most
1/3 for a path that drifts or walks at random over 4 frames or more."""


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
    far = float((path[:, -1] - path[:, 0]).square().mean())
    demand(
        near >= SMALLEST * far,
        "expected a null model to carry no motion (it declares `null`): the mean squared distance between the latents of neighbouring "
        f"frames is {near:.3g}, and {far:.3g} between the first frame and the last, so the path moves. Repeat one latent, or draw each "
        "frame's independently; or do not declare `null`.",
    )
