"""Where a pair is looked at: the temporal generator's path of latents, and the clips that are rendered from it.

The path shows what the temporal generator does by itself, whatever a renderer makes of it; the clips show the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vidgen_bench.api import Ability, Times
from vidgen_bench.conformance.play import lively, start
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.noise import Noise

TOLERANCE = 1e-5
"""How far apart two computations of one value may be: pixels absolutely, latents against the largest."""


@dataclass(frozen=True)
class View:
    """Something with rows and frames that a pair makes of noise and instants."""

    what: str
    can: frozenset[Ability]
    frames: Callable[[Noise, Times], Tensor]
    """``(noise, times) -> [N, T, ...]``."""
    relative: bool

    def tolerance(self, values: Tensor) -> float:
        """Return how far another computation of these values may be from them."""
        return TOLERANCE * (float(values.abs().max()) if self.relative else 1.0)


def views(subject: Subject) -> list[View]:
    """Return the path, where there is one, and the clips of a lively game."""
    composition = subject.composition
    found = []
    module, latent, temporal = composition.build_temporal(0), composition.latent, composition.temporal
    if module is not None and latent is not None and temporal is not None:
        module.eval()

        @torch.no_grad()
        def path(noise: Noise, times: Times) -> Tensor:
            return module(start(latent, noise), times, noise)

        found.append(View("the path of latents", temporal.can, path, relative=True))
    game = lively(subject.game(), composition.clip)

    @torch.no_grad()
    def clips(noise: Noise, times: Times) -> Tensor:
        return game.sample(noise, times).transpose(1, 2)

    found.append(View("the clips", composition.can, clips, relative=False))
    return found
