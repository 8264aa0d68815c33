"""VGAN's generator: a video stream, a mask, and an image stream."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

LATENT = 100
"""Width of z."""

SIDE = 4
"""Side of the first map of both streams."""

FIRST, LEAST = 512, 64
"""Channels of that map; each doubling halves them, down to the minimum."""


class ImageStream(nn.Module):
    """The background: one still image, transposed 2-D convolutions from a vector up to the frame's size.

    64 pixels give the paper's 100-512-256-128-64-3. BN and ReLU after all but the last layer, which ends in tanh.

    Args:
        size: side of the frame in pixels, 4 * 2^k.
        channels: channels of the frame.
        width: factor on the numbers of hidden channels.
    Shape:
        [N, 100] -> [N, C, size, size] in (-1, 1).
    Reference: Vondrick, Pirsiavash, Torralba 2016, two stream architecture.
    """

    def __init__(self, size: int, channels: int, width: float) -> None:
        super().__init__()
        widths = _widths(size, width)
        self.start = nn.Sequential(nn.ConvTranspose2d(LATENT, widths[0], SIDE), nn.BatchNorm2d(widths[0]), nn.ReLU())
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        self.grow = nn.Sequential(*layers)
        self.colour = nn.Sequential(nn.ConvTranspose2d(widths[-1], channels, 4, stride=2, padding=1), nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        start = self.start(z[:, :, None, None])
        # the fastest layout for convolutions
        return self.colour(self.grow(start.contiguous(memory_format=torch.channels_last)))


class VideoStream(nn.Module):
    """The foreground and its mask: transposed 3-D convolutions from a vector up to the clip, with two heads.

    Rows, columns and frames double together. The first map is 4 x 4; it has two frames (for the paper's 32 frames of
    64 x 64), or one frame (for 16 frames; the first kernel is then 1 x 4 x 4). BN and ReLU after all but the heads.

    Args:
        frames: size / 4 or size / 2.
        size: side of the frame in pixels, 4 * 2^k.
        channels: channels of the frame.
        width: factor on the numbers of hidden channels.
    Shape:
        [N, 100] -> foreground [N, C, T, size, size] in (-1, 1) and mask [N, 1, T, size, size] in (0, 1).
    Reference: Vondrick, Pirsiavash, Torralba 2016, two stream architecture.
    """

    def __init__(self, frames: int, size: int, channels: int, width: float) -> None:
        super().__init__()
        widths = _widths(size, width)
        kernel = (frames * SIDE // size, SIDE, SIDE)
        self.start = nn.Sequential(nn.ConvTranspose3d(LATENT, widths[0], kernel), nn.BatchNorm3d(widths[0]), nn.ReLU())
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.ConvTranspose3d(before, after, 4, stride=2, padding=1), nn.BatchNorm3d(after), nn.ReLU()]
        self.grow = nn.Sequential(*layers)
        self.colour = nn.Sequential(nn.ConvTranspose3d(widths[-1], channels, 4, stride=2, padding=1), nn.Tanh())
        self.mask = nn.Sequential(nn.ConvTranspose3d(widths[-1], 1, 4, stride=2, padding=1), nn.Sigmoid())

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        start = self.start(z[:, :, None, None, None])
        maps = self.grow(start.contiguous(memory_format=torch.channels_last_3d))
        return self.colour(maps), self.mask(maps)


class Generator(nn.Module):
    """The two streams, mixed: G(z) = m(z) f(z) + (1 - m(z)) b(z), with the same image b at every frame.

    Shape:
        [N, 100] -> clips [N, C, T, size, size] in (-1, 1) and masks [N, 1, T, size, size] in (0, 1).
    Reference: Vondrick, Pirsiavash, Torralba 2016, two stream architecture.
    """

    def __init__(self, frames: int, size: int, channels: int, width: float) -> None:
        super().__init__()
        self.background = ImageStream(size, channels, width)
        self.video = VideoStream(frames, size, channels, width)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        foreground, mask = self.video(z)
        background = self.background(z).unsqueeze(2)
        return mask * foreground + (1.0 - mask) * background, mask


def _widths(size: int, width: float) -> list[int]:
    """Return the channels of the maps of side 4, 8 .. size / 2."""
    return [scaled(max(FIRST >> i, LEAST), width) for i in range((size // SIDE).bit_length() - 1)]


def scaled(channels: int, width: float) -> int:
    """Return the channels at this width, at least one."""
    return max(1, round(channels * width))
