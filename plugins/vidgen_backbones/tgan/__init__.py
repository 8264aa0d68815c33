"""TGAN with singular value clipping: the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vidgen_backbones.tgan.options import SharedOptions
from vidgen_backbones.tgan.sizes import latent_of, misfit
from vidgen_bench import hookimpl
from vidgen_bench.api import Ability, Clip, Game, LatentSpec

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class TGANOptions(SharedOptions):
    """The options of tgan."""


@dataclass(frozen=True)
class TGAN:
    """A slow code for the clip and a fast code for each frame, rendered frame by frame; a Wasserstein critic in 3-D."""

    name: str = "tgan"
    summary: str = "Wasserstein GAN, frames rendered one by one, singular value clipping of a 3-D discriminator"
    api: str = "1.0"
    reference: str = (
        "Saito, Matsumoto, Saito, Temporal Generative Adversarial Nets with Singular Value Clipping (ICCV 2017)"
    )
    options: type = TGANOptions
    own: str | None = "conv1d"
    reconstruction: bool = False
    can: frozenset[Ability] = frozenset({"between", "before", "after"})

    @property
    def small(self) -> tuple[Clip, Mapping[str, Any]]:
        """8 frames of 32 x 32 at an eighth of the channels."""
        return Clip(frames=8, size=32, classes=3), {"width": 0.125, "batch": 4}

    def refuses(self, clip: Clip, options: TGANOptions) -> str | None:
        """Refuse frame sizes other than 4 * 2^k, and lengths that the discriminator cannot halve down to one."""
        return misfit(clip)

    def latent(self, clip: Clip, options: TGANOptions) -> LatentSpec:
        """Return the latent: vectors of width 100 from a uniform z_0 of width 100."""
        return latent_of(clip)

    def build(self, clip: Clip, options: TGANOptions, temporal: nn.Module | None) -> Game:
        """Return the game."""
        from vidgen_backbones.tgan.convolutions import whole
        from vidgen_backbones.tgan.game import build

        return build(clip, options, temporal, whole, "svc")


@hookimpl
def vidgen_backbones() -> tuple[TGAN, ...]:
    """Return tgan."""
    return (TGAN(),)
