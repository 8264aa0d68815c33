"""MoCoGAN's discriminators of images and of clips: strided convolutions down to one logit, or to 4 x 4 patches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from vidgen_backbones.mocogan.generator import scaled
from vidgen_backbones.mocogan.sizes import SIDE, doublings

if TYPE_CHECKING:
    from vidgen_bench.noise import Noise

FIRST, MOST = 64, 512
"""Channels of the first layer; each later one doubles them, up to the maximum."""


class Discriminator(nn.Module):
    """Layers in sequence; in training, normal noise is added to the input of each (instance noise).

    Args:
        layers: each starts with its convolution; the last one returns the logits.
        layout: the fastest memory format for its convolutions.
        sigma: standard deviation of the noise; 0 adds none.
    Reference: Tulyakov et al. 2018; Sonderby et al. 2017 (instance noise).
    """

    def __init__(self, layers: Sequence[nn.Module], layout: torch.memory_format, sigma: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.layout, self.sigma = layout, sigma

    def forward(self, x: Tensor, noise: Noise, name: str) -> Tensor:
        """Return the logits [N, outputs, ...] for x [N, C, ...]; ``name`` distinguishes the noise of two passes in one turn."""
        x = x.contiguous(memory_format=self.layout)
        for i, layer in enumerate(self.layers):
            if self.sigma > 0.0 and self.training:
                x = x + self.sigma * noise.normal(f"{name}.{i}", *x.shape[1:])
            x = layer(x)
        return x


def image_discriminator(
    kind: Literal["patch", "image"], size: int, channels: int, width: float, sigma: float
) -> Discriminator:
    """Return the image discriminator; 64 pixels give 3-64-128-256-1 (patch) or 3-64-128-256-512-1 (image).

    Kernel 4, stride 2, padding 1 until the map is 4 x 4. It holds the logits (patch), or features that a 4 x 4 kernel scores.

    Args:
        kind: patch or image.
        size: side of the frame in pixels, 4 * 2^k, at least 16.
        channels: channels of the frame.
        width: factor on the numbers of hidden channels.
        sigma: standard deviation of the instance noise.
    Shape:
        [N, C, H, W] -> [N, 1, 4, 4] (patch) or [N, 1, 1, 1] (image).
    """
    layers = _layers(2, doublings(size), channels, width, 1 if kind == "patch" else None)
    if kind == "image":
        layers.append(nn.Conv2d(_channels(doublings(size) - 1, width), 1, SIDE, bias=False))
    return Discriminator(layers, torch.channels_last, sigma)


def video_discriminator(
    kind: Literal["video", "patch"], size: int, channels: int, width: float, sigma: float, categories: int = 0
) -> Discriminator:
    """Return the video discriminator; 64 pixels give 3-64-128-256-1 (patch) or 3-64-128-256-512-(1 + K) (video).

    Kernel 4, stride 2 and padding 1 in space as for images; stride 1 and no padding in time, so that each layer shortens
    the clip by 3 frames: 16 frames of 64 x 64 give one logit in time, longer clips more.

    Args:
        kind: patch or video.
        size: side of the frame in pixels, 4 * 2^k, at least 16.
        channels: channels of the frame.
        width: factor on the numbers of hidden channels.
        sigma: standard deviation of the instance noise.
        categories: K class logits after the first; 0 with patch.
    Shape:
        [N, C, T, H, W] -> [N, 1 + K, T - 3 L, 1, 1] with L layers, or [N, 1, T - 3 L, 4, 4] (patch).
    """
    layers = _layers(3, doublings(size), channels, width, 1 if kind == "patch" else None)
    if kind == "video":
        layers.append(nn.Conv3d(_channels(doublings(size) - 1, width), 1 + categories, SIDE, bias=False))
    return Discriminator(layers, torch.channels_last_3d, sigma)


def _channels(i: int, width: float) -> int:
    return scaled(min(FIRST << i, MOST), width)


def _layers(dimensions: Literal[2, 3], halvings: int, before: int, width: float, last: int | None) -> list[nn.Module]:
    """Return the layers that halve rows and columns: LeakyReLU 0.2 after each, BN from the second; ``last`` has neither."""
    layers: list[nn.Module] = []
    for i in range(halvings):
        bare = last is not None and i == halvings - 1
        after = last if last is not None and bare else _channels(i, width)
        convolution, norm = (
            (nn.Conv2d(before, after, 4, stride=2, padding=1, bias=False), nn.BatchNorm2d)
            if dimensions == 2
            else (nn.Conv3d(before, after, 4, stride=(1, 2, 2), padding=(0, 1, 1), bias=False), nn.BatchNorm3d)
        )
        normalised = [norm(after)] if i > 0 else []
        layers.append(convolution if bare else nn.Sequential(convolution, *normalised, nn.LeakyReLU(0.2)))
        before = after
    return layers
