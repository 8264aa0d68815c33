"""TGAN's own temporal generator, transposed one-dimensional convolutions: the declaration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidgen_bench import hookimpl
from vidgen_bench.api import Ability, LatentSpec, NoOptions

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Conv1d:
    """One latent frame is doubled log2(frames) times; all frames are computed together."""

    name: str = "conv1d"
    summary: str = "transposed 1-D convolutions; emits the training frames only"
    api: str = "1.0"
    reference: str = "Saito, Matsumoto, Saito, Temporal Generative Adversarial Nets (ICCV 2017)"
    options: type = NoOptions
    stochastic: bool = False
    can: frozenset[Ability] = frozenset()

    def refuses(self, spec: LatentSpec, options: NoOptions) -> str | None:
        """Refuse map latents and clips whose length is not a power of two."""
        if len(spec.shape) != 1:
            return f"it emits vectors (d,), not a latent of shape {spec.shape}"
        if spec.frames < 2 or spec.frames & (spec.frames - 1):
            return f"it doubles one frame repeatedly: the clip must have 2, 4, 8, 16 ... frames, not {spec.frames}"
        return None

    def build(self, spec: LatentSpec, options: NoOptions) -> nn.Module:
        """Return the network."""
        from vidgen_temporal.conv1d.network import Conv1dGenerator

        return Conv1dGenerator(spec)


@hookimpl
def vidgen_temporal() -> tuple[Conv1d, ...]:
    """Return conv1d."""
    return (Conv1d(),)
