"""C3D at any width: eight 3x3x3 convolutions, five max poolings, three fully connected layers.

The published network has width 64. pool5 is in ceil mode without padding (7 -> 4), as in Caffe and chainer. Ports that pad by
(0, 1, 1) instead shift every window of pool5 by a pixel, so their numbers are not comparable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FRAMES = 16
"""Frames per clip: four halvings leave one."""

SIZE = 112
"""Rows and columns that the published network reads."""

CONVOLUTIONS: Mapping[str, tuple[int, int]] = {
    "conv1a": (0, 1),
    "conv2a": (1, 2),
    "conv3a": (2, 4),
    "conv3b": (4, 4),
    "conv4a": (4, 8),
    "conv4b": (8, 8),
    "conv5a": (8, 8),
    "conv5b": (8, 8),
}
"""Input and output channels as multiples of the width; 0 stands for the 3 colours."""

POOLED = {"conv1a": (1, 2, 2)} | dict.fromkeys(("conv2a", "conv3b", "conv4b", "conv5b"), (2, 2, 2))
"""Kernel and stride over T, H, W of the max pooling after a convolution."""


@dataclass(frozen=True)
class Layout:
    """The sizes of a C3D; the published UCF101 network is ``Layout(64, 4096, 101)``."""

    width: int
    hidden: int
    classes: int
    size: int = SIZE
    """Rows and columns of the input."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every weight and bias, in the order of the network."""
        with torch.device("meta"):
            return {name: tuple(tensor.shape) for name, tensor in C3D(self).state_dict().items()}

    @property
    def flat(self) -> int:
        """Entries of pool5: 8 * width channels of 1 x cells x cells."""
        return 8 * self.width * self.cells**2

    @property
    def cells(self) -> int:
        """Rows and columns of pool5, after five halvings that round up: 4 for 112 pixels, 2 for 64."""
        return -(-self.size // 32)


class C3D(nn.Module):
    """C3D at inference: no dropout, softmax at the end.

    conv1a P conv2a P conv3a conv3b P conv4a conv4b P conv5a conv5b P fc6 fc7 fc8, with ReLU after each but fc8; P is max pooling in
    ceil mode.

    Reference: Tran et al. 2015, "Learning Spatiotemporal Features with 3D Convolutional Networks", figure 3; the sizes are those of
    the released "deep net A", fine-tuned on UCF101.
    """

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        for name, (ins, outs) in CONVOLUTIONS.items():
            self.add_module(name, nn.Conv3d(ins * layout.width or 3, outs * layout.width, 3, padding=1))
        self.fc6 = nn.Linear(layout.flat, layout.hidden)
        self.fc7 = nn.Linear(layout.hidden, layout.hidden)
        self.fc8 = nn.Linear(layout.hidden, layout.classes)

    def forward(self, clips: Tensor) -> dict[str, Tensor]:
        """Return ``{"prob": [N, K], "fc7": [N, D]}`` (fc7 after ReLU) for preprocessed clips [N, 3 BGR, 16, S, S], S = layout.size."""
        x = clips
        for name in CONVOLUTIONS:
            x = self.get_submodule(name)(x)
            if name in POOLED:
                # before ReLU: they commute, and pooling leaves an eighth of the values
                x = F.max_pool3d(x, POOLED[name], ceil_mode=True)
            x = F.relu_(x)
        x = x.contiguous().flatten(1)  # in the order C, T, H, W for every memory format
        fc7 = F.relu(self.fc7(F.relu(self.fc6(x))))
        # in float32 under autocast too: bfloat16 probabilities do not sum to one
        return {"prob": torch.softmax(self.fc8(fc7).float(), dim=1), "fc7": fc7}


def with_weights(layout: Layout, weights: Mapping[str, Tensor]) -> C3D:
    """Return a C3D with these weights, without drawing initial ones first."""
    with torch.device("meta"):
        network = C3D(layout)
    network.load_state_dict(dict(weights), assign=True)
    return network
