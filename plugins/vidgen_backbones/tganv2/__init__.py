"""TGANv2: the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vidgen_backbones.tganv2.recipe import RECIPES
from vidgen_backbones.tganv2.sizes import FIRST, LATENT, doublings, first_side, scaled
from vidgen_bench import hookimpl
from vidgen_bench.api import Ability, Clip, Game, LatentSpec, option

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class TGANv2Options:
    """The options of tganv2."""

    recipe: Literal["paper", "official"] = option(
        "paper",
        "paper: Gordon and Parde's program (keeps 1 frame of 4, batch 32); official: the authors' own (1 of 2, batch 128, "
        "flips and crops, both sides step at once)",
    )
    width: float = option(1.0, "factor on the channels of generator and discriminator", at_least=1 / 128, at_most=4.0)
    base: int | Literal["auto"] = option(
        "auto", "side of the first map; auto: the odd part of the frame's side (3 for 192), or 4", at_least=2
    )
    levels: int = option(4, "number of resolutions, each twice the previous one", at_least=1)
    batch: int | Literal["recipe"] = option("recipe", "clips per batch, over all processes", at_least=1)
    learning_rate: float = option(1e-4, "initial learning rate of Adam, for both players", at_least=0.0)
    penalty: float = option(
        16.0, "weight of the squared gradient per real clip; 16 per clip equals 0.5 for the sum over 32", at_least=0.0
    )
    decay_iterations: int = option(100_000, "iterations over which the learning rate falls to 0", at_least=1)


@dataclass(frozen=True)
class TGANv2:
    """Frames rendered one by one at several resolutions, with fewer frames at each higher one; one 3-D critic per resolution."""

    name: str = "tganv2"
    summary: str = "frames rendered one by one at several resolutions, fewer at each higher one; a 3-D ResNet critic per resolution"
    api: str = "1.0"
    reference: str = (
        "Saito, Saito, Koyama, Kobayashi, Train Sparsely, Generate Densely: Memory-efficient Unsupervised Training of "
        "High-resolution Temporal GAN (IJCV 2020)"
    )
    options: type = TGANv2Options
    own: str | None = "convlstm"
    reconstruction: bool = False
    can: frozenset[Ability] = frozenset({"between", "before", "after"})

    @property
    def small(self) -> tuple[Clip, Mapping[str, Any]]:
        """8 frames of 32 x 32 with 1/32 of the channels, four resolutions from 4 x 4."""
        return Clip(frames=8, size=32, classes=3), {"width": 1 / 32, "batch": 4}

    def refuses(self, clip: Clip, options: TGANv2Options) -> str | None:
        """Refuse sides other than base * 2^k, too few doublings for the levels, and lengths that are not a power of two."""
        if clip.frames < 2 or clip.frames & (clip.frames - 1):
            return (
                "it keeps one frame of 4 (or of 2) from one resolution to the next: "
                f"it needs clips of 2, 4, 8, 16 ... frames (powers of two), not {clip.frames}"
            )
        if "shift-x" in RECIPES[options.recipe].augment and not clip.spare:
            return (
                f"recipe={options.recipe} shifts its crops sideways, and this track's crop takes every column: set "
                "recipe=paper, or a track that resizes to more columns than clip.size"
            )
        side = first_side(clip.size, options.base)
        doubled = doublings(clip.size, side)
        if doubled is None:
            others = ", ".join(str(side << k) for k in range(1, 5))
            return f"its frames are a map of {side} x {side} doubled repeatedly: {others} ... pixels, not {clip.size}"
        if doubled < options.levels - 1:
            return (
                f"{options.levels} resolutions, each twice the previous one, need {options.levels - 1} doublings, but from "
                f"{side} to {clip.size} pixels there are {doubled}: set levels to {doubled + 1} or fewer, or base to a smaller side"
            )
        return None

    def latent(self, clip: Clip, options: TGANv2Options) -> LatentSpec:
        """Return the latent: maps of 1024 channels from a uniform z_0 of width 256; the affine layer between them is G_t's lift."""
        side = first_side(clip.size, options.base)
        return LatentSpec(
            shape=(scaled(FIRST, options.width), side, side),
            frames=clip.frames,
            source=LATENT,
            noise=LATENT,
            prior="uniform",
            init="xavier-sqrt2",
        )

    def build(self, clip: Clip, options: TGANv2Options, temporal: nn.Module | None) -> Game:
        """Return the game."""
        from vidgen_backbones.tganv2.game import build

        return build(clip, options, temporal)


@hookimpl
def vidgen_backbones() -> tuple[TGANv2, ...]:
    """Return tganv2."""
    return (TGANv2(),)
