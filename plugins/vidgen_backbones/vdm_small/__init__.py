"""vdm-small, a small video diffusion model in pixel space: the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vidgen_backbones.vdm_small.sizes import COARSEST
from vidgen_bench import hookimpl
from vidgen_bench.api import Ability, Clip, Game, option

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class VDMOptions:
    """The options of vdm-small."""

    width: float = option(1.0, "factor on the channels of the U-Net: 64, 128, 256", at_least=1 / 8, at_most=8.0)
    patch: int = option(
        2, "side in pixels of the squares that the first layer reads and the last one writes", at_least=1, at_most=16
    )
    blocks: int = option(2, "residual blocks at each resolution, on each side of the U", at_least=1, at_most=8)
    attention: int = option(
        16, "largest side of the maps with attention, between positions and between frames", at_least=0
    )
    batch: int = option(32, "clips per batch, over all processes", at_least=1)
    learning_rate: float = option(2e-4, "learning rate of Adam", at_least=0.0)
    ema: float = option(
        0.9999,
        "decay per iteration of the average of the weights that generates samples",
        at_least=0.0,
        at_most=0.9999,
    )
    ema_start: int = option(
        1000, "first iteration that is averaged; before it, the newest weights generate", at_least=0
    )
    steps: int = option(32, "steps of the DDIM sampler: passes of the network per sample", at_least=1, at_most=10_000)
    clip: bool = option(True, "clip the predicted clip to [-1, 1] at every step, not only the last")


@dataclass(frozen=True)
class VDM:
    """A 3-D U-Net that removes noise from all frames at once; attention over space and over time alternate."""

    name: str = "vdm-small"
    summary: str = "pixel-space diffusion: 3-D U-Net with factorised attention, DDIM; no latent path through time"
    api: str = "1.0"
    reference: str = "Ho, Salimans, Gritsenko, Chan, Norouzi, Fleet, Video Diffusion Models (NeurIPS 2022)"
    options: type = VDMOptions
    own: str | None = None
    reconstruction: bool = True
    can: frozenset[Ability] = frozenset()

    @property
    def small(self) -> tuple[Clip, Mapping[str, Any]]:
        """4 frames of 16 x 16 at an eighth of the channels, with two steps per sample."""
        return Clip(frames=4, size=16, classes=3), {"width": 0.125, "blocks": 1, "batch": 4, "steps": 2}

    def refuses(self, clip: Clip, options: VDMOptions) -> str | None:
        """Refuse frames that cannot be cut into patches and halved down to the coarsest resolution, or that no attention connects."""
        least = options.patch * COARSEST
        if clip.size % least:
            return (
                f"its U-Net reads patches of {options.patch} x {options.patch} pixels and works at 1 / {COARSEST} of their number at "
                f"its coarsest: with patch={options.patch} it needs frames of a multiple of {least} pixels, not {clip.size}"
            )
        if (side := clip.size // least) > options.attention:
            return (
                f"nothing would connect its frames: its coarsest maps have {side} x {side} positions, and attention={options.attention} "
                f"leaves larger maps without attention. Set attention to at least {side}, or a larger patch"
            )
        return None

    def latent(self, clip: Clip, options: VDMOptions) -> None:
        """Return None: noise of the clip's own shape becomes the clip, without a path of latents."""
        return

    def build(self, clip: Clip, options: VDMOptions, temporal: nn.Module | None) -> Game:
        """Return the game."""
        from vidgen_backbones.vdm_small.game import build

        return build(clip, options, temporal)


@hookimpl
def vidgen_backbones() -> tuple[VDM, ...]:
    """Return vdm-small."""
    return (VDM(),)
