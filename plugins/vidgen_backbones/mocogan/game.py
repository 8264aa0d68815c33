"""MoCoGAN's game: the image discriminator, the video discriminator and the generator, one step each, in this order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import convert_conv2d_weight_memory_format, convert_conv3d_weight_memory_format

from vidgen_backbones.mocogan import latents
from vidgen_backbones.mocogan.discriminators import image_discriminator, video_discriminator
from vidgen_backbones.mocogan.generator import FrameGenerator, Generator
from vidgen_bench.api import Batch, Clip, Feed, Game, Player, Times
from vidgen_bench.errors import PluginError

if TYPE_CHECKING:
    from vidgen_backbones.mocogan import MoCoGANOptions
    from vidgen_bench.noise import Noise

IMAGE, VIDEO, GENERATOR = "image_discriminator", "video_discriminator", "generator"


def build(clip: Clip, options: MoCoGANOptions, temporal: nn.Module | None) -> Game:
    """Return the game of MoCoGAN around this temporal generator; all weights have PyTorch's default initialisation."""
    if temporal is None:
        raise PluginError("mocogan needs a temporal generator; none was given")
    o, shape = options, (clip.size, clip.channels, options.width)
    frame = FrameGenerator(o.content + o.categories + o.motion, *shape)
    parts: dict[str, nn.Module] = {
        GENERATOR: Generator(temporal, frame),
        IMAGE: image_discriminator(o.image_discriminator, *shape, o.instance_noise),
        VIDEO: video_discriminator(o.video_discriminator, *shape, o.instance_noise, o.categories),
    }
    for network in (
        frame,
        parts[IMAGE],
        parts[VIDEO],
    ):  # as the maps are; otherwise every step stores the weights so again
        convert_conv2d_weight_memory_format(network, torch.channels_last)
        convert_conv3d_weight_memory_format(network, torch.channels_last_3d)
    play = _Play(parts, clip.grid, options)
    return Game(parts, _players(play, clip), play.sample)


def _players(play: _Play, clip: Clip) -> tuple[Player, ...]:
    o = play.options
    adam = partial(torch.optim.Adam, lr=o.learning_rate, betas=(0.5, 0.999), weight_decay=o.weight_decay)
    feeds = {IMAGE: Feed(frames=1), VIDEO: Feed(frames=clip.frames, stride=o.stride), GENERATOR: None}
    losses = {IMAGE: play.image_loss, VIDEO: play.video_loss, GENERATOR: play.generator_loss}
    return tuple(
        Player(
            name=name,
            parameters=tuple(play.parts[name].parameters()),
            batch=o.image_batch if name == IMAGE else o.video_batch,
            loss=loss,
            optimiser=adam,
            feed=feeds[name],
        )
        for name, loss in losses.items()
    )


@dataclass(frozen=True)
class _Play:
    """The losses of the three players, and the sampling."""

    parts: Mapping[str, nn.Module]
    times: Times
    options: MoCoGANOptions

    def image_loss(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        """Return BCE(D_I(x), 1) + BCE(D_I(G(z)), 0); the fakes come from a generator in training mode, without gradient."""
        assert batch is not None
        real = self._image_logits(batch.clips.squeeze(2), noise, "real")
        with torch.no_grad():
            fakes = self._images(noise)
        return {
            "real": _binary_cross_entropy(real, 1.0),
            "fake": _binary_cross_entropy(self._image_logits(fakes, noise, "fake"), 0.0),
        }

    def video_loss(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        """Return BCE(D_V(x), 1) + BCE(D_V(G(z)), 0); ``labels`` adds the cross-entropy of the real clips' classes."""
        assert batch is not None
        real, classes = self._clip_logits(batch.clips, noise, "real")
        with torch.no_grad():
            clips = self.sample(noise, self.times)
        fake, _ = self._clip_logits(clips, noise, "fake")
        terms = {"real": _binary_cross_entropy(real, 1.0), "fake": _binary_cross_entropy(fake, 0.0)}
        if self.options.labels:
            terms["category"] = _category_cross_entropy(classes, latents.one_hot(batch.labels, self.options.categories))
        return terms

    def generator_loss(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        """Return BCE(D_V(G(z)), 1) + BCE(D_I(G(z')), 1); ``infogan`` adds the cross-entropy of the fakes' categories."""
        # clips before images, as in the original: the order matters for the renderer's running statistics
        clips, images = self.sample(noise, self.times), self._images(noise)
        video, classes = self._clip_logits(clips, noise, "video")
        terms = {
            "video": _binary_cross_entropy(video, 1.0),
            "image": _binary_cross_entropy(self._image_logits(images, noise, "image"), 1.0),
        }
        if self.options.infogan:
            terms["infogan"] = _category_cross_entropy(classes, latents.category(self.options, noise))
        return terms

    def sample(self, noise: Noise, times: Times) -> Tensor:
        """Return clips [N, C, T, H, W] in (-1, 1)."""
        return self.parts[GENERATOR](
            latents.fixed(self.options, noise), latents.start(self.options, noise), times, noise
        )

    def _images(self, noise: Noise) -> Tensor:
        generator = cast(Generator, self.parts[GENERATOR])
        return generator.frame(latents.image_latents(generator, self.options, self.times, noise))

    def _image_logits(self, images: Tensor, noise: Noise, name: str) -> Tensor:
        # in the generator's turn the rows of the noise are clips, whose number may differ from that of images
        return self.parts[IMAGE](images, noise.sized(self.options.image_batch), name)

    def _clip_logits(self, clips: Tensor, noise: Noise, name: str) -> tuple[Tensor, Tensor]:
        """Return the logits for real [N, 1, ...] and for the classes [N, K, ...]."""
        logits = self.parts[VIDEO](clips, noise, name)
        return logits[:, :1], logits[:, 1:]


def _binary_cross_entropy(logits: Tensor, truth: float) -> Tensor:
    """Return the mean binary cross-entropy of logits of any shape with one target."""
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))


def _category_cross_entropy(logits: Tensor, classes: Tensor) -> Tensor:
    """Return the mean cross-entropy of logits [N, K, ...] with classes [N, K], over the rows and the logits in time."""
    logits = logits.flatten(2)
    return F.cross_entropy(logits, classes[:, :, None].expand_as(logits))
