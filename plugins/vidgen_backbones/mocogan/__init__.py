"""MoCoGAN: the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vidgen_backbones.mocogan.sizes import SIDE, TAKEN, doublings
from vidgen_bench import hookimpl
from vidgen_bench.api import Ability, Clip, Game, LatentSpec, option

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class MoCoGANOptions:
    """The options of mocogan; the defaults are those of Gordon and Parde."""

    width: float = option(1.0, "factor on the channels of all three networks", at_least=1 / 32, at_most=8.0)
    content: int = option(50, "entries of the content code, which is the same on all frames", at_least=1)
    categories: int = option(
        0, "classes K of the one-hot category code; the video discriminator then has 1 + K logits", at_least=0
    )
    motion: int = option(16, "entries of the motion code z_t", at_least=1)
    labels: bool = option(False, "train the video discriminator on the classes of the real clips")
    infogan: bool = option(
        False,
        "train the generator so that its category is recognised (with labels, the discriminator learns to recognise it)",
    )
    instance_noise: float = option(
        0.0, "standard deviation of the normal noise before every convolution of the discriminators", at_least=0.0
    )
    stride: int = option(
        1,
        "a clip is every stride-th frame of a video; a video shorter than the span is read frame by frame",
        at_least=1,
    )
    image_batch: int = option(32, "images per batch, over all processes", at_least=2)
    video_batch: int = option(32, "clips per batch, over all processes", at_least=2)
    learning_rate: float = option(2e-4, "learning rate of Adam, for all players", at_least=0.0)
    weight_decay: float = option(1e-5, "weight decay of Adam, added to the gradient (L2)", at_least=0.0)
    image_discriminator: Literal["patch", "image"] = option("patch", "patch: 4 x 4 logits per image; image: one")
    video_discriminator: Literal["video", "patch"] = option(
        "video", "video: one logit per clip (and the classes); patch: 4 x 4 in space"
    )


@dataclass(frozen=True)
class MoCoGAN:
    """One content code and a motion code per frame, rendered frame by frame; an image and a video discriminator."""

    name: str = "mocogan"
    summary: str = "separate content and motion codes, frames rendered one by one, an image and a video discriminator"
    api: str = "1.0"
    reference: str = (
        "Tulyakov, Liu, Yang, Kautz, MoCoGAN: Decomposing Motion and Content for Video Generation (CVPR 2018)"
    )
    options: type = MoCoGANOptions
    own: str | None = "gru"
    reconstruction: bool = False
    can: frozenset[Ability] = frozenset({"between", "before", "after"})

    @property
    def small(self) -> tuple[Clip, Mapping[str, Any]]:
        """16 frames of 32 x 32 at a sixteenth of the channels."""
        return Clip(frames=16, size=32, classes=3), {"width": 1 / 16, "image_batch": 4, "video_batch": 4}

    def refuses(self, clip: Clip, options: MoCoGANOptions) -> str | None:
        """Refuse frame sizes other than 4 * 2^k, clips that are too short, and inconsistent categories."""
        if clip.size < 4 * SIDE or clip.size & (clip.size - 1):
            return f"its frames are a 4 x 4 map doubled at least twice: 16, 32, 64 ... pixels, not {clip.size}"
        # the last halving of the patch discriminator gives the logits; the full one has a scoring layer after it
        layers = doublings(clip.size) + (options.video_discriminator == "video")
        if clip.frames < (least := TAKEN * layers + 1):
            return (
                f"each of the {layers} layers of its video discriminator shortens the clip by {TAKEN} frames: "
                f"at {clip.size} pixels it needs at least {least} frames, not {clip.frames}"
            )
        return _refuses_categories(clip, options)

    def latent(self, clip: Clip, options: MoCoGANOptions) -> LatentSpec:
        """Return the latent: motion codes from a normal z_0 of the same width."""
        return LatentSpec(
            shape=(options.motion,),
            frames=clip.frames,
            source=options.motion,
            noise=options.motion,
            prior="normal",
            embedding=(4 * options.motion,),
        )

    def build(self, clip: Clip, options: MoCoGANOptions, temporal: nn.Module | None) -> Game:
        """Return the game."""
        from vidgen_backbones.mocogan.game import build

        return build(clip, options, temporal)


def _refuses_categories(clip: Clip, options: MoCoGANOptions) -> str | None:
    """Return why the options about categories are inconsistent, or None."""
    for flag in ("labels", "infogan"):
        if getattr(options, flag) and not options.categories:
            return f"{flag}=true needs a category code: set categories to {clip.classes}, the classes of this track"
    if options.labels and options.categories < clip.classes:
        return (
            f"labels=true needs a category for each of the {clip.classes} classes of this track, not "
            f"{options.categories}: set categories to at least {clip.classes}"
        )
    if options.categories and options.video_discriminator == "patch":
        return "a patch video discriminator has no logits for categories: set video_discriminator=video or categories=0"
    return None


@hookimpl
def vidgen_backbones() -> tuple[MoCoGAN, ...]:
    """Return mocogan."""
    return (MoCoGAN(),)
