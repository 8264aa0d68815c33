"""The game of vdm-small: one player, who learns to tell the noise from the clip, and an average of its weights that samples."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from vidgen_backbones.vdm_small.diffusion import ddim, signal_and_noise, velocity
from vidgen_backbones.vdm_small.unet import Shape, UNet
from vidgen_bench.api import Batch, Clip, Feed, Game, Player, Times
from vidgen_bench.blocks import Average
from vidgen_bench.errors import PluginError

if TYPE_CHECKING:
    from vidgen_backbones.vdm_small import VDMOptions
    from vidgen_bench.noise import Noise


def build(clip: Clip, options: VDMOptions, temporal: nn.Module | None) -> Game:
    """Return the game of vdm-small.

    Raises:
        PluginError: there is a temporal generator.
    """
    if temporal is not None:
        raise PluginError("vdm-small has no latent path through time and takes no temporal generator; one was given")
    shape = Shape(
        clip.frames, clip.size, clip.channels, options.width, options.patch, options.blocks, options.attention
    )
    network = UNet(shape)
    convert_conv2d_weight_memory_format(network, torch.channels_last)  # as the maps are
    average = Average(network, options.ema, options.ema_start)
    player = Player(
        name="generator",
        parameters=tuple(network.parameters()),
        batch=options.batch,
        loss=partial(_loss, network),
        optimiser=partial(torch.optim.Adam, lr=options.learning_rate),
        feed=Feed(frames=clip.frames),
        after=lambda iteration: average.update(network, iteration),
    )
    parts: Mapping[str, nn.Module] = {"generator": network, "average": average}
    return Game(parts, (player,), partial(_sample, average, clip, options))


def _loss(network: nn.Module, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
    """Return the mean of |v(z_t, t) - v|^2 over rows, pixels, t ~ U(0, 1) and noise, v = alpha_t e - sigma_t x.

    In terms of x this weighs the error by SNR + 1.

    Reference: Salimans and Ho 2022, section 4.
    """
    assert batch is not None
    x, e = batch.clips, noise.normal("noise", *batch.clips.shape[1:])
    times = noise.uniform("time")
    alpha, sigma = (s[:, None, None, None, None] for s in signal_and_noise(times))
    error = network(alpha * x + sigma * e, times) - velocity(x, e, alpha, sigma)
    return {"velocity": error.square().mean()}


def _sample(average: Average, clip: Clip, options: VDMOptions, noise: Noise, times: Times) -> Tensor:
    """Return clips [N, C, T, H, W] in [-1, 1] from noise of that shape; the times are always the training grid."""
    z = noise.normal("z", clip.channels, clip.frames, clip.size, clip.size)
    return ddim(average.module, z, options.steps, options.clip).clamp(-1.0, 1.0)
