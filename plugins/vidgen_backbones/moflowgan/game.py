"""MoFlowGAN's game: the image discriminator, the video discriminator and the generator, one step each, in this order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format, convert_conv3d_weight_memory_format

from vidgen_backbones.moflowgan.discriminators import Discriminator, VideoDiscriminator
from vidgen_backbones.moflowgan.flow import FlowHead, photometric, total_variation
from vidgen_backbones.moflowgan.generator import FrameGenerator, Generator
from vidgen_backbones.moflowgan.sizes import channels_at, flow_side
from vidgen_bench.api import Batch, Clip, Feed, Game, Player, Times
from vidgen_bench.blocks import hinge_fake, hinge_generator, hinge_real, orthogonal, random_frames, spectral
from vidgen_bench.errors import PluginError

if TYPE_CHECKING:
    from vidgen_backbones.moflowgan import MoFlowGANOptions
    from vidgen_bench.noise import Noise

IMAGE, VIDEO, GENERATOR = "image_discriminator", "video_discriminator", "generator"


def build(clip: Clip, options: MoFlowGANOptions, temporal: nn.Module | None) -> Game:
    """Return the game of MoFlowGAN around this temporal generator.

    The frame generator and the discriminators start with orthogonal weights. The flow head has no spectral normalisation: its tanh
    limits it already.
    """
    if temporal is None:
        raise PluginError("moflowgan needs a temporal generator; none was given")
    o, side = options, flow_side(options.flow_side, clip.size)
    frame = FrameGenerator(o.content + o.motion, clip.size, clip.channels, o.width, side)
    flow = FlowHead(channels_at(side, clip.size, o.width), clip.size, o.displacement)
    image = Discriminator(clip.size, clip.channels, o.width, dims=2)
    video = VideoDiscriminator(clip.size, clip.channels, o.width, o.pool)
    for network in (frame, image, video):
        orthogonal(network)
    parts: dict[str, nn.Module] = {GENERATOR: Generator(temporal, frame, flow), IMAGE: image, VIDEO: video}
    for part in (frame, flow, image, video):  # as the maps are; otherwise every step stores the weights so again
        convert_conv2d_weight_memory_format(part, torch.channels_last)
        convert_conv3d_weight_memory_format(part, torch.channels_last_3d)
    for normalised in (frame, image, video) if o.spectral == "both" else (image, video):
        spectral(normalised)
    play = _Play(parts, clip.grid, options)
    return Game(parts, _players(play, clip), play.sample)


def _players(play: _Play, clip: Clip) -> tuple[Player, ...]:
    o = play.options
    losses = {IMAGE: play.image_loss, VIDEO: play.video_loss, GENERATOR: play.generator_loss}
    return tuple(
        Player(
            name=name,
            parameters=tuple(play.parts[name].parameters()),
            batch=o.batch,
            loss=loss,
            optimiser=partial(
                torch.optim.Adam,
                lr=o.learning_rate if name == GENERATOR else o.discriminator_learning_rate,
                betas=(0.0, 0.9),
            ),
            feed=None if name == GENERATOR else Feed(frames=clip.frames),
        )
        for name, loss in losses.items()
    )


@dataclass(frozen=True)
class _Play:
    """The losses of the three players, and the sampling."""

    parts: Mapping[str, nn.Module]
    times: Times
    options: MoFlowGANOptions

    @property
    def generator(self) -> Generator:
        return cast(Generator, self.parts[GENERATOR])

    def image_loss(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        """Return max(0, 1 - D_I(x)) + max(0, 1 + D_I(G(z))) on ``images`` random frames of every real and generated clip.

        The fakes come from a generator in training mode, without gradient. Only the frames that are drawn are rendered.
        """
        assert batch is not None
        real = self._some(batch.clips.transpose(1, 2), noise, "frames.real")
        with torch.no_grad():
            fakes, _ = self.generator.frame(self._some(self._codes(noise, self.times), noise, "frames.generated"))
        return _hinge(self.parts[IMAGE], real, fakes)

    def video_loss(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        """Return max(0, 1 - D_V(x)) + max(0, 1 + D_V(G(z))); the fakes come from a generator in training mode, without gradient."""
        assert batch is not None
        with torch.no_grad():
            fakes = self.sample(noise, self.times)
        return _hinge(self.parts[VIDEO], batch.clips, fakes)

    def generator_loss(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        """Return -D_V(G(z)) - D_I(some of its frames), the photometric error of the flow, and its total variation."""
        o = self.options
        frames, maps = self.generator.render(self._codes(noise, self.times))
        flow = self.generator.flow(maps)
        return {
            "video": hinge_generator(self.parts[VIDEO](frames.transpose(1, 2))),
            "image": hinge_generator(self.parts[IMAGE](self._some(frames, noise, "frames.generated"))),
            "flow": o.flow_weight * photometric(frames, flow),
            "smoothness": o.smoothness_weight * total_variation(flow),
        }

    def sample(self, noise: Noise, times: Times) -> Tensor:
        """Return clips [N, C, T, H, W] in (-1, 1)."""
        return self.generator(*self._latents(noise), times, noise)

    def _latents(self, noise: Noise) -> tuple[Tensor, Tensor]:
        """Return the content code [N, content] and z_0 [N, motion], both from N(0, I)."""
        return noise.normal("content", self.options.content), noise.normal("z", self.options.motion)

    def _codes(self, noise: Noise, times: Times) -> Tensor:
        return self.generator.codes(*self._latents(noise), times, noise)

    def _some(self, frames: Tensor, noise: Noise, name: str) -> Tensor:
        """Return ``images`` random frames of each clip, or their codes, [N * images, ...], from [N, T, ...]."""
        return random_frames(frames, self.options.images, noise, name).flatten(0, 1)


def _hinge(critic: nn.Module, real: Tensor, fakes: Tensor) -> dict[str, Tensor]:
    """Return both terms of a discriminator's loss, from one pass: one step of the power method normalises both alike."""
    scores = critic(torch.cat([real, fakes.to(real.dtype)]))
    return {"real": hinge_real(scores[: len(real)]), "fake": hinge_fake(scores[len(real) :])}
