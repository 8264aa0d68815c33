"""DVD-GAN: the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vidgen_backbones.dvdgan.sizes import EMBEDDING, MOST, NOISE, SIDE, fits
from vidgen_bench import hookimpl
from vidgen_bench.api import Ability, Clip, Game, LatentSpec, option

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class DVDGANOptions:
    """The options of dvd-gan."""

    conditional: bool = option(True, "generate and judge clips of a given class; false: no network sees a class")
    labels: Literal["training-list", "uniform"] = option(
        "training-list", "classes of generated clips: as often as in the training list, or all equally often"
    )
    channels: int = option(32, "width ch of the generator, whose 4 x 4 maps have 8 ch channels", at_least=1)
    discriminator_channels: int = option(
        32, "width c of the discriminators: 2 c channels after the first block, at most 16 c", at_least=1
    )
    judged_frames: int = option(8, "frames per clip that the spatial discriminator judges, k", at_least=1)
    batch: int = option(32, "clips per batch, over all processes", at_least=2)
    discriminator_turns: int = option(
        2, "steps of the discriminators per step of the generator", at_least=1, at_most=100
    )
    learning_rate: float = option(1e-4, "learning rate of Adam, for the generator", at_least=0.0)
    discriminator_learning_rate: float = option(5e-4, "learning rate of Adam, for the discriminators", at_least=0.0)
    average_decay: float = option(
        0.9999,
        "decay of the moving average of the generator's weights, which samples come from",
        at_least=0.0,
        at_most=0.9999,
    )
    average_start: int = option(
        20_000, "first iteration that is averaged; earlier samples come from the weights", at_least=0
    )


@dataclass(frozen=True)
class DVDGAN:
    """Frames from a recurrence at every resolution; one discriminator judges single frames, one the small clip."""

    name: str = "dvd-gan"
    summary: str = "class-conditional; a ConvGRU at every resolution, a discriminator of frames and one of small clips"
    api: str = "1.1"
    reference: str = (
        "Clark, Donahue, Simonyan, Adversarial Video Generation on Complex Datasets (arXiv:1907.06571, 2019)"
    )
    options: type = DVDGANOptions
    own: str | None = "convgru"
    reconstruction: bool = True
    can: frozenset[Ability] = frozenset({"after"})
    """The recurrent layers of the frame generator step from frame to frame: nothing lies between two steps or before the first."""

    @property
    def small(self) -> tuple[Clip, Mapping[str, Any]]:
        """5 frames of 16 x 16 at a sixteenth of the channels."""
        return Clip(frames=5, size=16, classes=3), {
            "channels": 2,
            "discriminator_channels": 2,
            "judged_frames": 2,
            "batch": 3,
            "average_decay": 0.5,
            "average_start": 1,
        }

    def refuses(self, clip: Clip, options: DVDGANOptions) -> str | None:
        """Refuse frame sizes other than 4 * 2^k, clips with fewer frames than are judged, and a law of classes without classes."""
        if not fits(clip.size):
            return f"its frames are a 4 x 4 map doubled at least twice: 16, 32, 64 ... pixels, not {clip.size}"
        if clip.frames < options.judged_frames:
            return (
                f"its spatial discriminator judges {options.judged_frames} different frames of a clip, and these clips have "
                f"{clip.frames}: set judged_frames to at most {clip.frames}"
            )
        if clip.frames < 2:
            return f"it generates clips of at least 2 frames, not {clip.frames}"
        if not options.conditional and options.labels != "training-list":
            return "it draws no classes with conditional=false: leave labels at training-list"
        return None

    def latent(self, clip: Clip, options: DVDGANOptions) -> LatentSpec:
        """Return the latent: 4 x 4 maps from z ~ N(0, I), followed by the embedding of the class if there is one."""
        return LatentSpec(
            shape=(MOST * options.channels, SIDE, SIDE),
            frames=clip.frames,
            source=NOISE + EMBEDDING if options.conditional else NOISE,
            noise=NOISE,
            prior="normal",
        )

    def build(self, clip: Clip, options: DVDGANOptions, temporal: nn.Module | None) -> Game:
        """Return the game."""
        from vidgen_backbones.dvdgan.game import build

        return build(clip, options, temporal)


@hookimpl
def vidgen_backbones() -> tuple[DVDGAN, ...]:
    """Return dvd-gan."""
    return (DVDGAN(),)
