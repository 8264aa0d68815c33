"""DVD-GAN's game: both discriminators step twice, then the generator once; samples come from an average of its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format, convert_conv3d_weight_memory_format

from vidgen_backbones.dvdgan.discriminators import spatial_discriminator, temporal_discriminator
from vidgen_backbones.dvdgan.generator import Generator
from vidgen_backbones.dvdgan.sizes import NOISE
from vidgen_bench.api import Batch, Clip, Feed, Game, Player, Times
from vidgen_bench.blocks import (
    Average,
    Labels,
    hinge_fake,
    hinge_generator,
    hinge_real,
    orthogonal,
    random_frames,
    spectral,
)
from vidgen_bench.errors import PluginError

if TYPE_CHECKING:
    from vidgen_backbones.dvdgan import DVDGANOptions
    from vidgen_bench.noise import Noise

GENERATOR, SPATIAL, TEMPORAL = "generator", "spatial_discriminator", "temporal_discriminator"
AVERAGE, LABELS = "average", "labels"


def build(clip: Clip, options: DVDGANOptions, temporal: nn.Module | None) -> Game:
    """Return the game of DVD-GAN around this temporal generator, whose weights are left as they are."""
    if temporal is None:
        raise PluginError("dvd-gan needs a temporal generator; none was given")
    o, classes = options, clip.classes if options.conditional else 0
    generator = Generator(temporal, clip, classes, o.channels)
    spatial = spatial_discriminator(clip, o.discriminator_channels, classes)
    volumes = temporal_discriminator(clip, o.discriminator_channels, classes)
    if generator.embedding is not None:
        orthogonal(generator.embedding)
    for network in (generator.frames, spatial, volumes):
        orthogonal(network)
        # as the maps are; otherwise every step stores the weights so again
        convert_conv2d_weight_memory_format(network, torch.channels_last)
        convert_conv3d_weight_memory_format(network, torch.channels_last_3d)
        spectral(network)
    parts: dict[str, nn.Module] = {GENERATOR: generator, SPATIAL: spatial, TEMPORAL: volumes}
    parts[AVERAGE] = Average(generator, o.average_decay, o.average_start)
    if o.conditional:
        parts[LABELS] = Labels(clip, o.labels)
    play = _Play(parts, clip.grid, o.judged_frames)
    return Game(parts, _players(play, clip, o), play.sample, parts.get(LABELS))


def _players(play: _Play, clip: Clip, o: DVDGANOptions) -> tuple[Player, ...]:
    generator, average = play.parts[GENERATOR], play.parts[AVERAGE]
    assert isinstance(average, Average)
    return (
        # one player for both, which share the fakes of a turn: their losses have no weight in common
        Player(
            name="discriminators",
            parameters=(*play.parts[SPATIAL].parameters(), *play.parts[TEMPORAL].parameters()),
            batch=o.batch,
            loss=play.discriminators,
            optimiser=partial(torch.optim.Adam, lr=o.discriminator_learning_rate, betas=(0.0, 0.999)),
            feed=Feed(frames=clip.frames),
            turns=o.discriminator_turns,
        ),
        Player(
            name=GENERATOR,
            parameters=tuple(generator.parameters()),
            batch=o.batch,
            loss=play.generator,
            optimiser=partial(torch.optim.Adam, lr=o.learning_rate, betas=(0.0, 0.999)),
            after=partial(average.update, generator),
        ),
    )


@dataclass(frozen=True)
class _Play:
    """The losses of both players, and the sampling."""

    parts: Mapping[str, nn.Module]
    times: Times
    judged: int

    def discriminators(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        """Return the hinge losses of D_S and of D_T on the same clips; the fakes come from a generator in training mode."""
        assert batch is not None
        with torch.no_grad():
            fakes, classes = self._fakes(noise)
        real = self._judged(batch.clips, noise, "judged-real")
        # without batch normalisation a pass over real and fake clips equals two passes, and each weight is normalised once
        labels = None if classes is None else torch.cat([batch.labels, classes])
        frames = self.parts[SPATIAL](torch.cat([real, self._judged(fakes, noise, "judged-fake")]), labels).chunk(2)
        clips = self.parts[TEMPORAL](torch.cat([batch.clips, fakes]), labels).chunk(2)
        return {
            "spatial_real": hinge_real(frames[0]),
            "spatial_fake": hinge_fake(frames[1]),
            "temporal_real": hinge_real(clips[0]),
            "temporal_fake": hinge_fake(clips[1]),
        }

    def generator(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        """Return -D_S(G(z)) and -D_T(G(z)), with new noise."""
        fakes, classes = self._fakes(noise)
        return {
            "spatial": hinge_generator(self.parts[SPATIAL](self._judged(fakes, noise, "judged-fake"), classes)),
            "temporal": hinge_generator(self.parts[TEMPORAL](fakes, classes)),
        }

    def sample(self, noise: Noise, times: Times, labels: Tensor | None = None) -> Tensor:
        """Return clips [N, C, T, H, W] in (-1, 1) of the classes [N], from the average of the generator's weights."""
        return self.parts[AVERAGE](_latent(noise), labels, times, noise)

    def _fakes(self, noise: Noise) -> tuple[Tensor, Tensor | None]:
        classes = self.parts[LABELS](noise) if LABELS in self.parts else None
        return self.parts[GENERATOR](_latent(noise), classes, self.times, noise), classes

    def _judged(self, clips: Tensor, noise: Noise, name: str) -> Tensor:
        """Return the frames of the clips [N, C, T, H, W] that D_S judges, [N, C, k, H, W]."""
        return random_frames(clips.transpose(1, 2), self.judged, noise, name).transpose(1, 2)


def _latent(noise: Noise) -> Tensor:
    """Return z ~ N(0, I), [N, 120]."""
    return noise.normal("z", NOISE)
