"""I3D at any width: Inception-v1 with its kernels inflated to three dimensions.

Channels, kernels, strides, TensorFlow's "SAME" padding and the mean of the logits over time are those of the released
``kinetics-i3d``. The names of the tensors and batch norm's epsilon of 1e-3 are those of its widely used PyTorch port, so the port's
``rgb_imagenet.pt`` loads unchanged. The port pads max pooling with zeros, TensorFlow with minus infinity; they agree because the
inputs come from ReLU.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_weights

Triple = tuple[int, int, int]
"""Over T, H, W."""

FRAMES = 9
"""Fewest frames per clip: three halvings, each rounded up, must leave the two that the average pooling reads."""

SIZE = 224
"""Height and width of the frames: five halvings leave the 7 x 7 that the average pooling reads."""

EPSILON = 1e-3

MIXED: Mapping[str, tuple[int, int, int, int, int, int]] = {
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}
"""Channels of b0, b1a, b1b, b2a, b2b, b3b at full width."""

POOLED: Mapping[str, tuple[Triple, Triple]] = {
    "Conv3d_1a_7x7": ((1, 3, 3), (1, 2, 2)),
    "Conv3d_2c_3x3": ((1, 3, 3), (1, 2, 2)),
    "Mixed_3c": ((3, 3, 3), (2, 2, 2)),
    "Mixed_4f": ((2, 2, 2), (2, 2, 2)),
}
"""Kernel and stride of the max pooling after a module."""


@dataclass(frozen=True)
class Layout:
    """The sizes of an I3D; the Kinetics-400 network is ``Layout()``."""

    eighths: int = 8
    """Channels, in eighths of the published numbers."""
    classes: int = 400

    def channels(self, published: int) -> int:
        """Return the number of channels for a published number (a multiple of 8)."""
        return published * self.eighths // 8

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every tensor, in the order of the state dict."""
        with torch.device("meta"):
            state = I3D(self).state_dict()
        return {name: tuple(tensor.shape) for name, tensor in state.items() if not name.endswith(COUNTER)}


COUNTER = ".num_batches_tracked"
"""Suffix of the names of batch norm's counters, which affect no result."""


def same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return the "SAME" padding before and after an axis, for ceil(size / stride) windows; an odd pixel goes after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class Unit3D(nn.Module):
    """Convolution without bias and with "SAME" padding, batch norm, ReLU."""

    def __init__(self, ins: int, outs: int, kernel: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(ins, outs, kernel, stride, bias=False)
        self.bn: nn.Module = nn.BatchNorm3d(outs, eps=EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, outs, T', H', W'] for [N, ins, T, H, W], every axis divided by the stride and rounded up."""
        kernel, stride = self.conv3d.kernel_size[0], self.conv3d.stride[0]
        if kernel == 1:
            return F.relu_(self.bn(pointwise(x, self.conv3d)))
        pads = [same(size, kernel, stride) for size in x.shape[-3:]]
        even = all(before == after for before, after in pads)
        if not even:
            x = F.pad(x, [pad for axis in reversed(pads) for pad in axis])
        padding = tuple(before for before, _ in pads) if even else 0
        x = F.conv3d(x, self.conv3d.weight, self.conv3d.bias, self.conv3d.stride, padding)
        return F.relu_(self.bn(x))

    def fold(self) -> None:
        """Fold the batch norm into the convolution: (g / s) W x + beta - (g / s) m, with s = sqrt(v + 1e-3)."""
        norm = self.bn
        assert isinstance(norm, nn.BatchNorm3d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        weight, bias = fuse_conv_bn_weights(
            self.conv3d.weight, None, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
        )
        self.conv3d.weight, self.conv3d.bias, self.bn = weight, bias, nn.Identity()


def pointwise(x: Tensor, layer: nn.Conv3d) -> Tensor:
    """Return a 1 x 1 x 1 convolution as a matrix product, which keeps channels last; PyTorch's convolution on a CPU does not."""
    return F.linear(x.movedim(1, -1), layer.weight.flatten(1), layer.bias).movedim(-1, 1)


def max_pool(x: Tensor, kernel: Triple, stride: Triple) -> Tensor:
    """Return max pooling with "SAME" padding; ceil mode adds the padding after each axis."""
    sizes = zip(x.shape[-3:], kernel, stride, strict=True)
    before = [same(*axis)[0] for axis in sizes]
    return F.max_pool3d(x, kernel, stride, before, ceil_mode=True)


class Mixed(nn.Module):
    """An Inception block: four branches, concatenated."""

    def __init__(self, ins: int, outs: tuple[int, ...]) -> None:
        super().__init__()
        self.b0 = Unit3D(ins, outs[0])
        self.b1a = Unit3D(ins, outs[1])
        self.b1b = Unit3D(outs[1], outs[2], 3)
        self.b2a = Unit3D(ins, outs[3])
        self.b2b = Unit3D(outs[3], outs[4], 3)
        self.b3b = Unit3D(ins, outs[5])

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, b0 + b1b + b2b + b3b, T, H, W] for [N, ins, T, H, W]."""
        pooled = max_pool(x, (3, 3, 3), (1, 1, 1))
        return torch.cat([self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(pooled)], dim=1)


class Logits(nn.Module):
    """A 1 x 1 x 1 convolution with bias."""

    def __init__(self, ins: int, classes: int) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(ins, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, K, T, H, W] for [N, ins, T, H, W]."""
        return self.conv3d(x)


class I3D(nn.Module):
    """I3D at inference: no dropout, logits before the softmax.

    Conv3d_1a P Conv3d_2b Conv3d_2c P Mixed_3b Mixed_3c P Mixed_4b .. Mixed_4f P Mixed_5b Mixed_5c A logits, then the mean over
    time. P is max pooling, A average pooling over (2, 7, 7) with stride 1.

    Reference: Carreira and Zisserman 2017, "Quo Vadis, Action Recognition? A New Model and the Kinetics Dataset", figure 3.
    """

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        first, second = layout.channels(64), layout.channels(192)
        self.Conv3d_1a_7x7 = Unit3D(3, first, 7, 2)
        self.Conv3d_2b_1x1 = Unit3D(first, first)
        self.Conv3d_2c_3x3 = Unit3D(first, second, 3)
        ins = second
        for name, published in MIXED.items():
            outs = tuple(layout.channels(p) for p in published)
            self.add_module(name, Mixed(ins, outs))
            ins = outs[0] + outs[2] + outs[4] + outs[5]
        self.logits = Logits(ins, layout.classes)
        self.eval()

    def forward(self, clips: Tensor) -> dict[str, Tensor]:
        """Return ``{"logits": [N, K]}`` for preprocessed clips [N, 3 RGB, T, 224, 224] in [-1, 1], T at least 9."""
        x = clips.contiguous(memory_format=torch.channels_last_3d)
        for name, part in self.named_children():
            if name == "logits":
                x = F.avg_pool3d(x, (2, 7, 7), stride=1)
            x = part(x)
            if name in POOLED:
                x = max_pool(x, *POOLED[name])
        return {"logits": x.mean(dim=(2, 3, 4))}

    @torch.no_grad()
    def fold(self) -> None:
        """Fold every batch norm into its convolution; the tensor names then differ from those in a weights file."""
        for module in self.modules():
            if isinstance(module, Unit3D):
                module.fold()


def with_weights(layout: Layout, weights: Mapping[str, Tensor]) -> I3D:
    """Return an I3D with these weights, without drawing initial ones first."""
    with torch.device("meta"):
        network = I3D(layout)
    counters = {name: torch.zeros((), dtype=torch.int64) for name in network.state_dict() if name.endswith(COUNTER)}
    network.load_state_dict(counters | dict(weights), assign=True)
    return network
