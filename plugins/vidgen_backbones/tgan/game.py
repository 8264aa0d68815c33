"""TGAN's game: a discriminator that is kept Lipschitz, and a generator, one step each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format, convert_conv3d_weight_memory_format

from vidgen_backbones.tgan import discriminator, generator
from vidgen_backbones.tgan.sizes import LATENT, Lipschitz
from vidgen_backbones.tgan.svc import clip_discriminator
from vidgen_bench.api import Batch, Clip, Feed, Game, Player, Times
from vidgen_bench.blocks import hinge_fake, hinge_real, spectral
from vidgen_bench.errors import PluginError

if TYPE_CHECKING:
    from vidgen_backbones.tgan.options import SharedOptions
    from vidgen_bench.noise import Noise


def build(
    clip: Clip,
    options: SharedOptions,
    temporal: nn.Module | None,
    convolution: Callable[[int, int, int], list[nn.Module]],
    lipschitz: Lipschitz,
    discriminator_rate: float | None = None,
) -> Game:
    """Return the game of TGAN around this temporal generator.

    Args:
        clip: the shape of the clips.
        options: those of tgan or tgan-f.
        temporal: required.
        convolution: of one layer of the discriminator; see :mod:`vidgen_backbones.tgan.convolutions`.
        lipschitz: ``svc`` clips singular values and the scales of batch normalisations after every ``clip_every`` iterations; the
            loss is Wasserstein's. ``spectral-norm`` divides every kernel by its largest singular value; nothing is clipped, and the
            loss is the hinge loss.
        discriminator_rate: learning rate of the discriminator; None for that of the generator.
    Raises:
        PluginError: there is no temporal generator.
    """
    if temporal is None:
        raise PluginError("TGAN needs a temporal generator; none was given")
    frame = generator.FrameGenerator(LATENT, clip.size, clip.channels, options.width)
    generator.initialise(frame)
    svc = lipschitz == "svc"
    critic = discriminator.Discriminator(clip.frames, clip.size, clip.channels, options.width, convolution)
    discriminator.initialise(critic)
    for network in (frame, critic):  # as the maps are; otherwise every step stores the weights so again
        convert_conv2d_weight_memory_format(network, torch.channels_last)
        convert_conv3d_weight_memory_format(network, torch.channels_last_3d)
    if not svc:
        spectral(critic)
    parts: dict[str, nn.Module] = {"generator": generator.Generator(temporal, frame), "discriminator": critic}
    rate = options.learning_rate if discriminator_rate is None else discriminator_rate
    return Game(parts, _players(parts, clip, options, svc, rate), partial(_sample, parts))


def _players(
    parts: Mapping[str, nn.Module], clip: Clip, options: SharedOptions, svc: bool, discriminator_rate: float
) -> tuple[Player, ...]:
    schedule = partial(_warm, options.warmup)
    return (
        Player(
            name="discriminator",
            parameters=tuple(parts["discriminator"].parameters()),
            batch=options.batch,
            loss=partial(_wasserstein if svc else _hinge, parts, clip.grid),
            optimiser=partial(torch.optim.RMSprop, lr=discriminator_rate),
            feed=Feed(frames=clip.frames),
            schedule=schedule,
        ),
        Player(
            name="generator",
            parameters=tuple(parts["generator"].parameters()),
            batch=options.batch,
            loss=partial(_generator_loss, parts, clip.grid),
            optimiser=partial(torch.optim.RMSprop, lr=options.learning_rate),
            schedule=schedule,
            after=(lambda iteration: clip_discriminator(parts["discriminator"])) if svc else None,
            every=options.clip_every,
        ),
    )


def _warm(warmup: int, iteration: int) -> float:
    """Return min(1, (iteration + 1) / warmup), the factor on the learning rates; 1 without a warm-up.

    RMSprop divides by the root of a mean of squares that starts at 0 and is not corrected for that: with alpha = 0.99 its first step moves
    every weight by ten times the learning rate.
    """
    return min(1.0, (iteration + 1) / warmup) if warmup else 1.0


def _scores(parts: Mapping[str, nn.Module], times: Times, batch: Batch | None, noise: Noise) -> tuple[Tensor, Tensor]:
    """Return D(x) and D(G(z)), [N] each; the fakes come from a generator in training mode, without gradient."""
    assert batch is not None
    critic = parts["discriminator"]
    real = critic(batch.clips)
    with torch.no_grad():
        fakes = _sample(parts, noise, times)
    return real, critic(fakes)


def _wasserstein(parts: Mapping[str, nn.Module], times: Times, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
    """Return E[D(G(z))] - E[D(x)]."""
    real, fake = _scores(parts, times, batch, noise)
    return {"real": -real.mean(), "fake": fake.mean()}


def _hinge(parts: Mapping[str, nn.Module], times: Times, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
    """Return E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]."""
    real, fake = _scores(parts, times, batch, noise)
    return {"real": hinge_real(real), "fake": hinge_fake(fake)}


def _generator_loss(
    parts: Mapping[str, nn.Module], times: Times, batch: Batch | None, noise: Noise
) -> dict[str, Tensor]:
    """Return -E[D(G(z))], with a new z."""
    return {"fake": -parts["discriminator"](_sample(parts, noise, times)).mean()}


def _sample(parts: Mapping[str, nn.Module], noise: Noise, times: Times) -> Tensor:
    """Return clips [N, C, T, H, W] in (-1, 1) from z ~ U(-1, 1)^100."""
    z = 2.0 * noise.uniform("z", LATENT) - 1.0
    return parts["generator"](z, times, noise)
