"""MoFlowGAN: the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vidgen_backbones.moflowgan.sizes import SIDE, flow_side, sides
from vidgen_bench import hookimpl
from vidgen_bench.api import Ability, Clip, Game, LatentSpec, option

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class MoFlowGANOptions:
    """The options of moflowgan; docs/systems.md has the source of every default, which for most of them is us."""

    width: float = option(1.0, "factor on the channels of all networks", at_least=1 / 64, at_most=8.0)
    content: int = option(50, "entries of the content code, which is the same on all frames", at_least=1)
    motion: int = option(16, "entries of the motion code z_t", at_least=1)
    displacement: float = option(8.0, "largest displacement that flow can express, in pixels per frame", at_least=0.1)
    flow_side: int | Literal["auto"] = option(
        "auto", "side of the feature maps that flow is computed from; auto: half of the frame's, at most 32", at_least=4
    )
    flow_weight: float = option(1.0, "weight of the L1 distance of a frame to the warped next frame", at_least=0.0)
    smoothness_weight: float = option(0.01, "weight of the total variation of flow", at_least=0.0)
    images: int = option(4, "frames of each clip that the image discriminator reads, drawn at random", at_least=1)
    pool: Literal[1, 2, 4] = option(2, "the video discriminator reads means of pool x pool pixels")
    spectral: Literal["both", "discriminators"] = option(
        "both", "networks with spectral normalisation: frame generator and discriminators, or the discriminators alone"
    )
    batch: int = option(32, "clips per batch, over all processes", at_least=2)
    learning_rate: float = option(1e-4, "learning rate of Adam, for the generator", at_least=0.0)
    discriminator_learning_rate: float = option(4e-4, "learning rate of Adam, for both discriminators", at_least=0.0)


@dataclass(frozen=True)
class MoFlowGAN:
    """One content code and a motion code per frame; flow between adjacent frames must explain how they differ."""

    name: str = "moflowgan"
    summary: str = (
        "content and motion codes, frames rendered one by one, trained so that flow carries a frame to the next"
    )
    api: str = "1.0"
    reference: str = "Li, Yuan, Fang, Wang, Video Generation with Flow Guidance (ICME 2020)"
    options: type = MoFlowGANOptions
    own: str | None = "gru"
    reconstruction: bool = True
    can: frozenset[Ability] = frozenset({"between", "before", "after"})

    @property
    def small(self) -> tuple[Clip, Mapping[str, Any]]:
        """8 frames of 16 x 16 at a sixteenth of the channels."""
        return Clip(frames=8, size=16, classes=3), {"width": 1 / 16, "batch": 4, "images": 2}

    def refuses(self, clip: Clip, options: MoFlowGANOptions) -> str | None:
        """Refuse frame sizes other than 4 * 2^k, single frames, and options that do not fit the clip."""
        least = 2 * SIDE * options.pool
        if clip.size < least or clip.size & (clip.size - 1):
            return (
                f"its frames are a 4 x 4 map doubled repeatedly, and with pool={options.pool} its video discriminator needs "
                f"at least {least} pixels: {least}, {2 * least}, {4 * least} ... pixels, not {clip.size}"
            )
        if clip.frames < 2:
            return f"its flow is between adjacent frames: it needs clips of at least 2 frames, not {clip.frames}"
        if options.images > clip.frames:
            return (
                f"images={options.images} frames cannot be drawn from the {clip.frames} frames of a clip: "
                f"set images to {clip.frames} or fewer"
            )
        if (side := flow_side(options.flow_side, clip.size)) not in sides(clip.size):
            return f"flow_side={side}: its feature maps have the sides {', '.join(map(str, sides(clip.size)))}"
        return None

    def latent(self, clip: Clip, options: MoFlowGANOptions) -> LatentSpec:
        """Return the latent: motion codes from a normal z_0 of the same width."""
        width = options.motion
        return LatentSpec(shape=(width,), frames=clip.frames, source=width, noise=width, prior="normal")

    def build(self, clip: Clip, options: MoFlowGANOptions, temporal: nn.Module | None) -> Game:
        """Return the game."""
        from vidgen_backbones.moflowgan.game import build

        return build(clip, options, temporal)


@hookimpl
def vidgen_backbones() -> tuple[MoFlowGAN, ...]:
    """Return moflowgan."""
    return (MoFlowGAN(),)
