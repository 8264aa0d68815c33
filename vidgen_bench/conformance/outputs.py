"""The outputs of a pair that checks compare: the temporal generator's path of latents, and the rendered clips.

The path shows the temporal generator by itself, independently of the renderer; the clips show both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vidgen_bench.api import Ability, Times
from vidgen_bench.conformance.game_inputs import initial_latent
from vidgen_bench.conformance.game_state import calibrate_batch_norm
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.noise import Noise

TOLERANCE = 1e-5
"""The largest difference between two computations of one value: absolute for pixels, relative to the largest latent for latents."""


@dataclass(frozen=True)
class Output:
    """A function of noise and instants, with a row per sample and a frame per instant."""

    name: str
    can: frozenset[Ability]
    frames: Callable[[Noise, Times], Tensor]
    """``(noise, times) -> [N, T, ...]``."""
    relative: bool

    def tolerance(self, values: Tensor) -> float:
        """Return the largest allowed difference from another computation of these values."""
        return TOLERANCE * (float(values.abs().max()) if self.relative else 1.0)


def outputs(subject: Subject) -> list[Output]:
    """Return the path, if there is one, and the clips."""
    composition = subject.composition
    found = []
    module, latent, temporal = composition.build_temporal(0), composition.latent, composition.temporal
    if module is not None and latent is not None and temporal is not None:
        module.eval()

        @torch.no_grad()
        def path(noise: Noise, times: Times) -> Tensor:
            return module(initial_latent(latent, noise), times, noise)

        found.append(Output("the path of latents", temporal.can, path, relative=True))
    game = calibrate_batch_norm(subject.game(), composition.clip)

    @torch.no_grad()
    def clips(noise: Noise, times: Times) -> Tensor:
        return game.draw(noise, times).transpose(1, 2)

    found.append(Output("the clips", composition.can, clips, relative=False))
    return found
