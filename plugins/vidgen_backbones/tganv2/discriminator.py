"""TGANv2's discriminator: one three-dimensional residual network per resolution."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidgen_backbones.tganv2.blocks import glorot


class FirstBlock(nn.Module):
    """A residual block on pixels, which halves rows and columns: pool(conv2(relu(conv1(x)))) + shortcut(pool(x)).

    Args:
        before, after: channels in and out.
    Shape:
        [N, before, T, H, W] -> [N, after, T, H // 2, W // 2].
    Reference: Saito et al. 2020.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv1 = glorot(nn.Conv3d(before, after, 3, padding=1))
        self.conv2 = glorot(nn.Conv3d(after, after, 3, padding=1))
        self.shortcut = glorot(nn.Conv3d(before, after, 1))

    def forward(self, clips: Tensor) -> Tensor:
        main = self.conv2(F.relu(self.conv1(clips)))
        return F.avg_pool3d(main, (1, 2, 2)) + self.shortcut(F.avg_pool3d(clips, (1, 2, 2)))


class Block(nn.Module):
    """A residual block: down(conv2(relu(conv1(relu(x)))) + shortcut(x)), where down is ``downsampled``.

    Args:
        before, after: channels in and out.
    Shape:
        [N, before, T, H, W] -> [N, after, T', H', W'].
    Reference: Saito et al. 2020.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv1 = glorot(nn.Conv3d(before, before, 3, padding=1))
        self.conv2 = glorot(nn.Conv3d(before, after, 3, padding=1))
        self.shortcut = glorot(nn.Conv3d(before, after, 1))

    def forward(self, maps: Tensor) -> Tensor:
        main = self.conv2(F.relu(self.conv1(F.relu(maps))))
        # the originals downsample both paths; averaging is linear, so one downsampling of the sum is the same
        return downsampled(main + self.shortcut(maps))


def downsampled(maps: Tensor) -> Tensor:
    """Return maps averaged over pairs along time, rows and columns, by the rule of the published programs.

    An axis of odd length is padded with a zero on both sides, and the zeros count. Pairs are averaged if the length
    before padding exceeds 1; a length of 1 is only padded. So lengths go 1 -> 3 -> 2 -> 1, which preserves sums up to
    the factor of the averages.

    Args:
        maps: [N, C, T, H, W].
    Returns:
        [N, C, T', H', W']: L / 2 for even L, (L + 1) / 2 for odd L > 1, 3 for L = 1.
    Reference: Saito et al. 2020, the authors' code; Gordon and Parde's code has the same rule.
    """
    lengths = maps.shape[2:]
    padding = [length % 2 for length in reversed(lengths) for _ in range(2)]
    kernel = tuple(2 if length > 1 else 1 for length in lengths)
    return F.avg_pool3d(F.pad(maps, padding) if any(padding) else maps, kernel)


class LevelDiscriminator(nn.Module):
    """Scores the clips of one resolution: five residual blocks, a sum over positions, a linear layer.

    Args:
        channels: channels of the frame.
        widths: channels of the blocks.
        last_relu: activate before the sum.
    Shape:
        [N, C, T, H, W] -> [N].
    Reference: Saito et al. 2020. Gordon and Parde's code has no last ReLU.
    """

    def __init__(self, channels: int, widths: Sequence[int], last_relu: bool) -> None:
        super().__init__()
        later = (Block(before, after) for before, after in pairwise(widths))
        self.blocks = nn.Sequential(FirstBlock(channels, widths[0]), *later)
        self.activation = nn.ReLU() if last_relu else nn.Identity()
        self.score = glorot(nn.Linear(widths[-1], 1))

    def forward(self, clips: Tensor) -> Tensor:
        clips = clips.contiguous(memory_format=torch.channels_last_3d)  # the fastest layout for convolutions
        return self.score(self.activation(self.blocks(clips)).sum(dim=(2, 3, 4))).flatten()


class Discriminator(nn.Module):
    """One ``LevelDiscriminator`` per resolution; their scores are concatenated along the batch axis.

    Args:
        levels: number of resolutions.
        channels: channels of the frame.
        widths: channels of the blocks.
        last_relu: activate before the sum.
    Reference: Saito et al. 2020.
    """

    def __init__(self, levels: int, channels: int, widths: Sequence[int], last_relu: bool) -> None:
        super().__init__()
        self.levels = nn.ModuleList(LevelDiscriminator(channels, widths, last_relu) for _ in range(levels))

    def forward(self, pyramid: Sequence[Tensor]) -> Tensor:
        """Return the scores [levels N] of a pyramid of [N, C, T_l, H_l, W_l]: all of the first level, then the second."""
        return torch.cat([level(clips) for level, clips in zip(self.levels, pyramid, strict=True)])
