"""The convolution of one layer of the discriminator: three-dimensional, or factorised into space and time."""

from __future__ import annotations

from torch import nn


def whole(before: int, after: int, frames: int) -> list[nn.Module]:
    """Return TGAN's convolution of 4 x 4 x 4, which halves frames, rows and columns; a clip of one frame stays one.

    Shape:
        [N, before, T, H, W] -> [N, after, max(1, T / 2), H / 2, W / 2].
    Reference: Saito, Matsumoto, Saito 2017.
    """
    kernel, stride, padding = ((4, 4, 4), 2, 1) if frames > 1 else ((1, 4, 4), (1, 2, 2), (0, 1, 1))
    return [nn.Conv3d(before, after, kernel, stride=stride, padding=padding)]


def factorised(before: int, after: int, frames: int) -> list[nn.Module]:
    """Return TGAN-F's pair: 1 x 4 x 4 halves rows and columns, LeakyReLU 0.2, and 4 x 1 x 1 halves frames.

    A clip of one frame has nothing to halve in time, and gets the first of the pair alone.

    Shape:
        [N, before, T, H, W] -> [N, after, max(1, T / 2), H / 2, W / 2].
    Reference: Kahembwe and Ramamoorthy 2019: no 3-D kernels. The sizes are a reconstruction; docs/systems.md lists them.
    """
    space = nn.Conv3d(before, after, (1, 4, 4), stride=(1, 2, 2), padding=(0, 1, 1))
    if frames == 1:
        return [space]
    return [space, nn.LeakyReLU(0.2), nn.Conv3d(after, after, (4, 1, 1), stride=(2, 1, 1), padding=(1, 0, 0))]
