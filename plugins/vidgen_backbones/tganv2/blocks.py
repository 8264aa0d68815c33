"""The layers of TGANv2's renderer: the doubling residual block and the render head."""

from __future__ import annotations

import math
from typing import TypeVar

from torch import Tensor, nn
from torch.nn import functional as F

Layer = TypeVar("Layer", nn.Conv2d, nn.Conv3d, nn.Linear)


class GenBlock(nn.Module):
    """A residual block, normalised and activated before each convolution, that doubles rows and columns.

    y = conv2(relu(bn2(conv1(up(relu(bn1(x))))))) + shortcut(up(x)), up = nearest neighbour, factor 2.

    Args:
        before, after: channels in and out.
    Shape:
        [N, before, H, W] -> [N, after, 2 H, 2 W].
    Reference: Saito et al. 2020.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(before)
        self.conv1 = glorot(nn.Conv2d(before, after, 3, padding=1))
        self.bn2 = nn.BatchNorm2d(after)
        self.conv2 = glorot(nn.Conv2d(after, after, 3, padding=1))
        self.shortcut = glorot(nn.Conv2d(before, after, 1))

    def forward(self, maps: Tensor) -> Tensor:
        main = self.conv1(doubled(F.relu(self.bn1(maps))))
        main = self.conv2(F.relu(self.bn2(main)))
        # a convolution of width 1 and nearest-neighbour doubling commute; this order is four times cheaper
        return main + doubled(self.shortcut(maps))


class RenderHead(nn.Module):
    """Frames from maps: tanh(conv(relu(bn(x)))), a 3 x 3 convolution.

    Args:
        before: channels of the maps.
        channels: channels of the frame.
    Shape:
        [N, before, H, W] -> [N, channels, H, W] in (-1, 1).
    Reference: Saito et al. 2020.
    """

    def __init__(self, before: int, channels: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(before)
        self.conv = nn.Conv2d(before, channels, 3, padding=1)

    def forward(self, maps: Tensor) -> Tensor:
        return self.conv(F.relu(self.bn(maps))).tanh()


def doubled(maps: Tensor) -> Tensor:
    """Return maps [N, C, H, W] with every row and column repeated, [N, C, 2 H, 2 W]."""
    return F.interpolate(maps, scale_factor=2.0, mode="nearest")


def glorot(layer: Layer) -> Layer:
    """Draw a layer's weight from Glorot's uniform distribution; gain sqrt 2 for a 3-wide kernel, 1 for a pointwise layer.

    Reference: Glorot and Bengio 2010, eq. 16. Biases keep PyTorch's default.
    """
    pointwise = isinstance(layer, nn.Linear) or max(layer.kernel_size) == 1
    nn.init.xavier_uniform_(layer.weight, gain=1.0 if pointwise else math.sqrt(2.0))
    return layer
