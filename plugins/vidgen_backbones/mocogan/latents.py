"""The latents of MoCoGAN: codes of clips, and codes of single images, which are frames picked from clips."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from vidgen_bench.api import Times

if TYPE_CHECKING:
    from vidgen_backbones.mocogan import MoCoGANOptions
    from vidgen_backbones.mocogan.generator import Generator
    from vidgen_bench.noise import Noise


def one_hot(index: Tensor, classes: int) -> Tensor:
    """Return float32 [N, K] of the int64 classes [N]; torch's own function waits for the device."""
    return (index[:, None] == torch.arange(classes, device=index.device)).float()


def category(options: MoCoGANOptions, noise: Noise) -> Tensor:
    """Return the category codes [N, K]: one-hot vectors of uniformly drawn classes."""
    return one_hot(noise.integers("category", options.categories), options.categories)


def fixed(options: MoCoGANOptions, noise: Noise) -> Tensor:
    """Return the codes shared by all frames of a clip, [N, content + K]: content ~ N(0, I), then the category."""
    content = noise.normal("content", options.content)
    return torch.cat([content, category(options, noise)], dim=1) if options.categories else content


def start(options: MoCoGANOptions, noise: Noise) -> Tensor:
    """Return z_0 ~ N(0, I) [N, motion]."""
    return noise.normal("z", options.motion)


def picks(noise: Noise, images: int, frames: int) -> tuple[Tensor, Tensor]:
    """Return the video and frame indices, int64 [n] each, for this process's share of a batch of images.

    From 2 n T videos of T frames, n frames are drawn without replacement and sorted, as in the original. All processes draw the
    same indices and each takes its rows, so the images do not depend on the number of processes.

    Args:
        noise: the noise of a training turn.
        images: n, over all processes.
        frames: T, the frames of a video.
    """
    pool = torch.arange(2 * images * frames, device=noise.rows.device)
    lots = replace(noise, rows=pool).uniform("image.pick", frames).flatten()
    chosen = lots.argsort(stable=True)[:images].sort().values
    mine = chosen.index_select(0, noise.sized(images).rows)
    return mine // frames, mine % frames


def image_latents(generator: Generator, options: MoCoGANOptions, times: Times, noise: Noise) -> Tensor:
    """Return the frame vectors [n, F + D] of a batch of images.

    Only clips with a picked frame are computed, since a row of the noise does not depend on the other rows.
    The distribution equals the original's if G_t treats rows independently; batch normalisation in training (conv1d's)
    does not, and uses the statistics of the n clips in place of the 2 n T.
    """
    videos, frames = picks(noise, options.image_batch, len(times))
    # rows after those of the clips, so that images are independent of the clips of the same turn
    noise = replace(noise, rows=options.video_batch + videos)
    latents = generator.latents(fixed(options, noise), start(options, noise), times, noise)
    return torch.take_along_dim(latents, frames[:, None, None], dim=1).squeeze(1)
