"""TGAN-F, TGAN with a discriminator without three-dimensional kernels: the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vidgen_backbones.tgan.options import SharedOptions
from vidgen_backbones.tgan.sizes import latent_of, misfit
from vidgen_bench import hookimpl
from vidgen_bench.api import Ability, Clip, Game, LatentSpec, option

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class TGANFOptions(SharedOptions):
    """The options of tgan-f: those of tgan, how the discriminator is kept Lipschitz, and its learning rate."""

    lipschitz: Literal["svc", "spectral-norm"] = option(
        "svc",
        "singular value clipping as in tgan, or spectral normalisation with the hinge loss",
    )
    discriminator_learning_rate: float | None = option(
        None, "learning rate of RMSprop for the discriminator; none: that of the generator", at_least=0.0
    )


@dataclass(frozen=True)
class TGANF:
    """TGAN's generator; a Wasserstein critic whose kernels span either space or time."""

    name: str = "tgan-f"
    summary: str = "TGAN with a factorised discriminator: each 3-D convolution is one in space, then one in time"
    api: str = "1.0"
    reference: str = "Kahembwe, Ramamoorthy, Lower Dimensional Kernels for Video Discriminators (Neural Networks 2020)"
    options: type = TGANFOptions
    own: str | None = "conv1d"
    reconstruction: bool = True
    can: frozenset[Ability] = frozenset({"between", "before", "after"})

    @property
    def small(self) -> tuple[Clip, Mapping[str, Any]]:
        """4 frames of 16 x 16 at a sixteenth of the channels."""
        return Clip(frames=4, size=16, classes=3), {"width": 1 / 16, "batch": 4}

    def refuses(self, clip: Clip, options: TGANFOptions) -> str | None:
        """Refuse what tgan refuses, and an interval between clippings where there are none."""
        if options.lipschitz == "spectral-norm" and options.clip_every != TGANFOptions.clip_every:
            return "it clips nothing with lipschitz=spectral-norm: leave clip_every as it is"
        return misfit(clip)

    def latent(self, clip: Clip, options: TGANFOptions) -> LatentSpec:
        """Return the latent: vectors of width 100 from a uniform z_0 of width 100, as for tgan."""
        return latent_of(clip)

    def build(self, clip: Clip, options: TGANFOptions, temporal: nn.Module | None) -> Game:
        """Return the game."""
        from vidgen_backbones.tgan.convolutions import factorised
        from vidgen_backbones.tgan.game import build

        return build(clip, options, temporal, factorised, options.lipschitz, options.discriminator_learning_rate)


@hookimpl
def vidgen_backbones() -> tuple[TGANF, ...]:
    """Return tgan-f."""
    return (TGANF(),)
