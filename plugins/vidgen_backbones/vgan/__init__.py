"""VGAN, a moving foreground over a still background: the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vidgen_bench import hookimpl
from vidgen_bench.api import Ability, Clip, Game, option

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class VGANOptions:
    """The options of vgan."""

    width: float = option(1.0, "factor on the channels of generator and discriminator", at_least=1 / 64, at_most=8.0)
    batch: int = option(64, "clips per batch, over all processes", at_least=2)
    learning_rate: float = option(2e-4, "learning rate of Adam, for both networks", at_least=0.0)
    mask_penalty: float = option(0.1, "weight of the mean of the foreground mask, an L1 penalty", at_least=0.0)


@dataclass(frozen=True)
class VGAN:
    """All frames at once from one vector: a 3-D foreground stream, a 2-D background stream, and a mask."""

    name: str = "vgan"
    summary: str = "two streams, moving foreground and still background, mixed by a mask; no latent path through time"
    api: str = "1.0"
    reference: str = "Vondrick, Pirsiavash, Torralba, Generating Videos with Scene Dynamics (NIPS 2016)"
    options: type = VGANOptions
    own: str | None = None
    reconstruction: bool = False
    can: frozenset[Ability] = frozenset()

    @property
    def small(self) -> tuple[Clip, Mapping[str, Any]]:
        """8 frames of 16 x 16 at a sixteenth of the channels."""
        return Clip(frames=8, size=16, classes=3), {"width": 1 / 16, "batch": 4}

    def refuses(self, clip: Clip, options: VGANOptions) -> str | None:
        """Refuse frame sizes other than 4 * 2^k, and clips whose length is not size / 4 or size / 2."""
        if clip.size < 8 or clip.size & (clip.size - 1):
            return f"its frames are a 4 x 4 map doubled repeatedly: 8, 16, 32, 64 ... pixels, not {clip.size}"
        short = clip.size // 4
        if clip.frames not in (short, 2 * short):
            return (
                "its video stream doubles the length with every doubling of the rows from 4: "
                f"at {clip.size} pixels it needs clips of {short} or {2 * short} frames, not {clip.frames}"
            )
        return None

    def latent(self, clip: Clip, options: VGANOptions) -> None:
        """Return None: transposed 3-D convolutions generate all frames, without a path of latents."""
        return

    def build(self, clip: Clip, options: VGANOptions, temporal: nn.Module | None) -> Game:
        """Return the game."""
        from vidgen_backbones.vgan.game import build

        return build(clip, options, temporal)


@hookimpl
def vidgen_backbones() -> tuple[VGAN, ...]:
    """Return vgan."""
    return (VGAN(),)
