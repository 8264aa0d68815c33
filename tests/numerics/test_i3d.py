"""I3D: "SAME" padding by hand and in closed form, the network recomputed independently, its full layout counted."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils import convert_conv3d_weight_memory_format

from tests.kit import golden
from tests.kit.i3d_files import SLIM, pattern_weights
from vidgen_bench.measure.instruments.i3d.instrument import I3DInstrument
from vidgen_bench.measure.instruments.i3d.network import (
    I3D,
    POOLED,
    Layout,
    Triple,
    Unit3D,
    max_pool,
    same,
    with_weights,
)

ROUNDING = 1e-5
"""Part of the largest logit; float32 was measured to differ from float64 by 2e-7 to 3e-7."""


# --------------------------------------------------------------------------------------------------------- "SAME" padding
@pytest.mark.parametrize(
    ("size", "kernel", "stride", "pads"),
    [(224, 7, 2, (2, 3)), (9, 7, 2, (3, 3)), (16, 7, 2, (2, 3)), (112, 3, 2, (0, 1)), (7, 3, 2, (1, 1)), (7, 3, 1, (1, 1)),
     (14, 2, 2, (0, 0)), (7, 2, 2, (0, 1)), (5, 1, 1, (0, 0))],
)  # fmt: skip
def test_same_padding_by_hand(size: int, kernel: int, stride: int, pads: tuple[int, int]) -> None:
    assert same(size, kernel, stride) == pads


@pytest.mark.parametrize("kernel", [1, 2, 3, 7])
@pytest.mark.parametrize("stride", [1, 2])
def test_same_padding_is_the_least_that_gives_every_window(kernel: int, stride: int) -> None:
    for size in range(1, 40):
        before, after = same(size, kernel, stride)
        assert after - before in (0, 1)
        windows = [(size + total - kernel) // stride + 1 if size + total >= kernel else 0 for total in range(12)]
        assert windows.index(math.ceil(size / stride)) == before + after or kernel < stride


def test_where_a_strided_convolution_looks() -> None:
    """An even axis is padded by 2 before and 3 after: the first window's third weight lies on the first voxel."""
    unit = Unit3D(1, 1, 7, 2).eval()
    unit.bn.running_var.fill_(1 - 1e-3)
    unit.conv3d.weight.data = torch.arange(343.0).view(1, 1, 7, 7, 7)
    x = torch.zeros(1, 1, 8, 8, 8)
    x[0, 0, 0, 0, 0] = 1
    weights = unit.conv3d.weight[0, 0]
    with torch.no_grad():
        assert unit(x)[0, 0, 0, 0, 0] == weights[2, 2, 2]
        assert unit(x)[0, 0, 0, 1, 1] == weights[2, 0, 0]
        assert unit(x).shape == (1, 1, 4, 4, 4)
        assert unit(x[:, :, :7, :7, :7])[0, 0, 0, 0, 0] == weights[3, 3, 3]  # an odd one by 3 on both sides


@pytest.mark.parametrize(
    ("row", "expected"),
    [([1.0, 2, 3, 4], [3.0, 4]), ([5.0, 1, 1, 1, 7], [5.0, 1, 7]), ([6.0, 1, 2, 3, 4, 5], [6.0, 4, 5])],
)
def test_max_pooling_by_hand(row: list[float], expected: list[float]) -> None:
    pooled = max_pool(torch.tensor(row).view(1, 1, 1, 1, -1), (1, 1, 3), (1, 1, 2))
    assert pooled.flatten().tolist() == expected


@pytest.mark.parametrize(("kernel", "strides"), [*POOLED.values(), ((3, 3, 3), (1, 1, 1))])
@pytest.mark.parametrize("sizes", [(4, 7, 8), (3, 14, 5), (2, 2, 2), (1, 9, 9)])
def test_max_pooling_is_that_of_explicit_zeros(kernel: Triple, strides: Triple, sizes: Triple) -> None:
    x = torch.from_numpy(np.abs(golden.base(3, 2 * math.prod(sizes)))).float().view(1, 2, *sizes)
    torch.testing.assert_close(max_pool(x, kernel, strides), pooled(x, kernel, strides), rtol=0, atol=0)


# ------------------------------------------------------------------------------------------------ the network, recomputed
def padded(x: Tensor, kernel: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    """Pad with zeros by TensorFlow's documented rule, by cases of divisibility."""
    for axis in range(3):
        rest = x.shape[axis + 2] % stride[axis]
        total = max(kernel[axis] - (rest or stride[axis]), 0)
        widths = [0] * 6
        widths[4 - 2 * axis : 6 - 2 * axis] = [total // 2, total - total // 2]
        x = F.pad(x, widths)
    return x


def pooled(x: Tensor, kernel: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    return F.max_pool3d(padded(x, kernel, stride), kernel, stride)


def convolved(x: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """A three-dimensional convolution as a sum of two-dimensional ones, one for each kernel frame."""
    x = padded(x, kernel.shape[2:], (stride,) * 3)
    frames = range(0, x.shape[2] - kernel.shape[2] + 1, stride)
    planes = [
        sum(F.conv2d(x[:, :, t + k], kernel[:, :, k], stride=stride) for k in range(kernel.shape[2])) for t in frames
    ]
    return torch.stack(planes, dim=2)


def recomputed(weights: dict[str, Tensor], x: Tensor) -> Tensor:
    """I3D straight from the paper's figure, in the precision of x: convolutions padded by hand, normalised by the formula."""
    w = {name: tensor.to(x.dtype) for name, tensor in weights.items()}

    def unit(x: Tensor, name: str, stride: int = 1) -> Tensor:
        y = convolved(x, w[f"{name}.conv3d.weight"], stride)
        mean, var, gamma, beta = (
            w[f"{name}.bn.{part}"].view(1, -1, 1, 1, 1) for part in ("running_mean", "running_var", "weight", "bias")
        )
        return ((y - mean) / torch.sqrt(var + 0.001) * gamma + beta).clamp(min=0)

    def mixed(x: Tensor, name: str) -> Tensor:
        one = unit(unit(x, f"{name}.b1a"), f"{name}.b1b")
        two = unit(unit(x, f"{name}.b2a"), f"{name}.b2b")
        return torch.cat([unit(x, f"{name}.b0"), one, two, unit(pooled(x, (3, 3, 3), (1, 1, 1)), f"{name}.b3b")], dim=1)

    x = pooled(unit(x, "Conv3d_1a_7x7", 2), (1, 3, 3), (1, 2, 2))
    x = pooled(unit(unit(x, "Conv3d_2b_1x1"), "Conv3d_2c_3x3"), (1, 3, 3), (1, 2, 2))
    x = pooled(mixed(mixed(x, "Mixed_3b"), "Mixed_3c"), (3, 3, 3), (2, 2, 2))
    for letter in "bcdef":
        x = mixed(x, f"Mixed_4{letter}")
    x = mixed(mixed(pooled(x, (2, 2, 2), (2, 2, 2)), "Mixed_5b"), "Mixed_5c")
    windows = torch.stack([x[:, :, t : t + 2].mean(dim=(2, 3, 4)) for t in range(x.shape[2] - 1)])
    logits = windows @ w["logits.conv3d.weight"].flatten(1).T + w["logits.conv3d.bias"]
    return logits.mean(dim=0)


def clips(n: int, frames: int) -> Tensor:
    """Clips that differ in every row."""
    return golden.video(n, 3, frames, 224, 224) * torch.linspace(0.3, 1, n).view(n, 1, 1, 1, 1)


def assert_close(actual: Tensor, expected: Tensor, part: float = ROUNDING) -> None:
    torch.testing.assert_close(actual.double(), expected.double(), rtol=0, atol=part * expected.abs().max().item())


@pytest.mark.parametrize("frames", [16, 17])
def test_the_network_recomputed_in_float64(frames: int) -> None:
    """17 frames pad every halving of time otherwise than 16 do, and leave two averages to take the mean of."""
    weights = pattern_weights(SLIM)
    with torch.inference_mode():
        actual = with_weights(SLIM, weights)(clips(1, frames))["logits"]
        expected = recomputed(weights, clips(1, frames).double())
    assert expected.shape == (1, 5)
    assert expected.std() > 0.1 * expected.abs().max()
    assert_close(actual, expected)


@pytest.mark.slow
def test_the_full_network_recomputed() -> None:
    weights = pattern_weights(Layout())
    instrument = I3DInstrument(with_weights(Layout(), weights), "fvd")
    with torch.inference_mode():
        actual = instrument.network(clips(2, 16))["logits"]
        expected = recomputed(weights, clips(2, 16))
    assert actual.shape == (2, 400)
    assert (expected[0] - expected[1]).abs().max() > 1e-2 * expected.abs().max()
    assert_close(actual, expected)


def test_folding_and_the_memory_format_change_nothing() -> None:
    weights = pattern_weights(SLIM)
    network = with_weights(SLIM, weights)
    with torch.inference_mode():
        plain = network(clips(1, 9))["logits"]
    network.fold()
    convert_conv3d_weight_memory_format(network, torch.channels_last_3d)
    assert not [name for name in network.state_dict() if ".bn." in name]
    with torch.inference_mode():
        assert_close(network(clips(1, 9))["logits"], plain)


def test_the_logits_do_not_depend_on_the_batch() -> None:
    instrument = I3DInstrument(with_weights(SLIM, pattern_weights(SLIM)), "fvd")
    raw = golden.video(3, 3, 9, 20, 24) * torch.linspace(0.2, 1, 3).view(3, 1, 1, 1, 1)
    together = instrument(raw)["logits"]
    assert together.std(dim=0).max() > 1e-3
    for order in ([0], [2, 1]):
        assert_close(instrument(raw[order])["logits"], together[order])


def test_the_full_layout() -> None:
    """Parameters as counted by OpenVINO for the released TensorFlow net, 12.69 million: it has no scales of batch norms."""
    shapes = Layout().shapes
    sizes = {name: math.prod(shape) for name, shape in shapes.items()}
    scales = sum(size for name, size in sizes.items() if name.endswith("bn.weight"))
    buffers = sum(size for name, size in sizes.items() if "running" in name)
    assert (len(shapes), scales, buffers) == (287, 7_280, 14_560)
    assert sum(sizes.values()) - buffers == 12_697_264
    assert sum(sizes.values()) - buffers - scales == 12_689_984
    assert shapes["Conv3d_1a_7x7.conv3d.weight"] == (64, 3, 7, 7, 7)
    assert shapes["Mixed_3c.b1b.conv3d.weight"] == (192, 128, 3, 3, 3)
    assert shapes["Mixed_4e.b2a.conv3d.weight"] == (32, 512, 1, 1, 1)
    assert shapes["Mixed_5c.b3b.bn.running_var"] == (128,)
    assert shapes["logits.conv3d.weight"] == (400, 1024, 1, 1, 1)
    with torch.device("meta"):
        network = I3D(Layout())
        network.fold()  # batch norm on the meta device is slow
        for frames in (9, 16, 40):
            assert network(torch.zeros(3, 3, frames, 224, 224))["logits"].shape == (3, 400)
        with pytest.raises(RuntimeError, match="smaller than kernel size"):
            network(torch.zeros(1, 3, 8, 224, 224))
