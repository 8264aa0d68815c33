"""The residual blocks of BigGAN: up for generators, conditioned; down for discriminators, in two or three dimensions."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, avg_pool3d, interpolate, relu

from vidgen_bench.blocks.conditional_norm import ConditionalBatchNorm2d


class ResidualUp(nn.Module):
    """Conditional BN, ReLU, (x2), 3x3, conditional BN, ReLU, 3x3; plus the input, (x2), 1x1 where the channels differ.

    x2 repeats every pixel. The 1x1 comes before x2 in the sum, which gives the same and costs a quarter.

    Args:
        before: channels of the input.
        after: channels of the output.
        condition: D, the width of the condition of the normalisations.
        up: double rows and columns.
    Shape:
        [N, before, H, W], [N, D] -> [N, after, H, W], or 2H and 2W.
    Reference: Brock, Donahue, Simonyan, "Large Scale GAN Training" (2019), appendix B, figure 15b.
    """

    def __init__(self, before: int, after: int, condition: int, *, up: bool) -> None:
        super().__init__()
        self.up = up
        self.first_norm = ConditionalBatchNorm2d(before, condition)
        self.first = nn.Conv2d(before, after, 3, padding=1)
        self.second_norm = ConditionalBatchNorm2d(after, condition)
        self.second = nn.Conv2d(after, after, 3, padding=1)
        self.skip = nn.Conv2d(before, after, 1) if before != after else nn.Identity()

    def forward(self, maps: Tensor, condition: Tensor) -> Tensor:
        found = self._raised(relu(self.first_norm(maps, condition)))
        found = self.second(relu(self.second_norm(self.first(found), condition)))
        return found + self._raised(self.skip(maps))

    def _raised(self, maps: Tensor) -> Tensor:
        return interpolate(maps, scale_factor=2.0, mode="nearest") if self.up else maps


class ResidualDown(nn.Module):
    """ReLU, 3x3, ReLU, 3x3, (half); plus the input, 1x1 where the channels differ, (half). Half is an average of 2 x 2 pixels.

    In three dimensions the kernels are 3x3x3, and half also averages two frames; of an odd number the last one stays alone.

    Args:
        before: channels of the input.
        after: channels of the output.
        dims: 2 for frames, 3 for clips.
        down: halve rows and columns (and frames).
        first: the block reads pixels: no ReLU before its first convolution.
    Shape:
        [N, before, H, W] -> [N, after, H, W], or H / 2 and W / 2; in three dimensions [N, before, T, H, W].
    Reference: Brock, Donahue, Simonyan, "Large Scale GAN Training" (2019), appendix B, figure 15c.
    """

    def __init__(self, before: int, after: int, *, dims: Literal[2, 3] = 2, down: bool, first: bool = False) -> None:
        super().__init__()
        convolution = nn.Conv2d if dims == 2 else nn.Conv3d
        self.down = down
        self.reads_pixels = first
        self.first = convolution(before, after, 3, padding=1)
        self.second = convolution(after, after, 3, padding=1)
        self.skip = convolution(before, after, 1) if before != after else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        found = self.second(relu(self.first(maps if self.reads_pixels else relu(maps))))
        # a 1x1 convolution commutes with an average, and costs less after it
        return self._lowered(found) + self.skip(self._lowered(maps))

    def _lowered(self, maps: Tensor) -> Tensor:
        if not self.down:
            return maps
        if maps.ndim == 4:
            return avg_pool2d(maps, 2)
        # without ceil_mode, the last of an odd number of frames would be dropped and hardly be seen
        return avg_pool3d(maps, (min(2, maps.shape[2]), 2, 2), ceil_mode=True, count_include_pad=False)
