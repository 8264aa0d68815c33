"""TGANv2's discriminator against an oracle written out: downsampling of odd axes, each level, drawn weights."""

from __future__ import annotations

import math
from functools import partial
from typing import cast

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from vidgen_backbones.tganv2.blocks import GenBlock, RenderHead
from vidgen_backbones.tganv2.discriminator import Discriminator, LevelDiscriminator, downsampled


def pooled(maps: Tensor) -> Tensor:
    """The published downsampling, window by window: zeros beside an odd axis count."""
    lengths = [len(maps[0, 0]), len(maps[0, 0, 0]), len(maps[0, 0, 0, 0])]
    kernels = [1 if n == 1 else 2 for n in lengths]
    pads = [n % 2 for n in lengths]
    after = [(n + 2 * p) // k for n, p, k in zip(lengths, pads, kernels, strict=True)]
    out = torch.zeros(*maps.shape[:2], *after, dtype=maps.dtype)
    for t in range(after[0]):
        for y in range(after[1]):
            for x in range(after[2]):
                for dt in range(kernels[0]):
                    for dy in range(kernels[1]):
                        for dx in range(kernels[2]):
                            at = [
                                i * k + d - p for i, k, d, p in zip((t, y, x), kernels, (dt, dy, dx), pads, strict=True)
                            ]
                            if all(0 <= i < n for i, n in zip(at, lengths, strict=True)):
                                out[:, :, t, y, x] += maps[:, :, at[0], at[1], at[2]] / math.prod(kernels)
    return out


@pytest.mark.parametrize(
    ("lengths", "after"),
    [
        ((1, 3, 3), (3, 2, 2)),
        ((3, 2, 1), (2, 1, 3)),
        ((4, 5, 6), (2, 3, 3)),
        ((2, 1, 1), (1, 3, 3)),
        ((1, 1, 1), (3, 3, 3)),
        ((2, 4, 4), (1, 2, 2)),
    ],
)
def test_downsampling_counts_zeros_on_odd_axes(lengths: tuple[int, ...], after: tuple[int, ...]) -> None:
    maps = torch.randn(2, 3, *lengths, dtype=torch.float64)
    ours = downsampled(maps)
    assert ours.shape[2:] == after
    torch.testing.assert_close(ours, pooled(maps), atol=1e-15, rtol=0)


def scored(state: dict[str, Tensor], clips: Tensor, last_relu: bool) -> Tensor:
    """A level's score from its weights, step by step, both paths downsampled apart."""

    def conv(maps: Tensor, name: str) -> Tensor:
        weight = state[f"{name}.weight"]
        return F.conv3d(maps, weight, state[f"{name}.bias"], padding=weight.shape[-1] // 2)

    halved = partial(F.avg_pool3d, kernel_size=(1, 2, 2))
    h = halved(conv(conv(clips, "blocks.0.conv1").clamp(min=0), "blocks.0.conv2"))
    h = h + conv(halved(clips), "blocks.0.shortcut")
    for i in range(1, 5):
        main = conv(conv(h.clamp(min=0), f"blocks.{i}.conv1").clamp(min=0), f"blocks.{i}.conv2")
        h = pooled(main) + pooled(conv(h, f"blocks.{i}.shortcut"))
    total = (h.clamp(min=0) if last_relu else h).flatten(2).sum(dim=2)
    return (total @ state["score.weight"].T + state["score.bias"])[:, 0]


@pytest.mark.parametrize("last_relu", [False, True])
@pytest.mark.parametrize("shape", [(8, 4, 4), (1, 24, 24), (2, 12, 12)])
def test_a_level_against_an_oracle(shape: tuple[int, ...], last_relu: bool) -> None:
    torch.manual_seed(2)
    level = LevelDiscriminator(3, (2, 3, 4, 5, 6), last_relu).double()
    clips = torch.randn(3, 3, *shape, dtype=torch.float64)
    with torch.no_grad():
        ours, expected = level(clips), scored(level.state_dict(), clips, last_relu)
    torch.testing.assert_close(ours, expected, atol=1e-12, rtol=1e-12)
    assert (ours - scored(level.state_dict(), clips, not last_relu)).abs().min() > 1e-3


def test_scores_follow_one_another_along_the_batch() -> None:
    critic = Discriminator(2, 3, (2, 3, 4, 5, 6), False)
    pyramid = [torch.randn(3, 3, 4, 8, 8), torch.randn(3, 3, 1, 16, 16)]
    scores = critic(pyramid)
    assert scores.shape == (6,)
    for level, clips in enumerate(pyramid):
        alone = critic.get_submodule(f"levels.{level}")(clips)
        torch.testing.assert_close(scores[3 * level : 3 * level + 3], alone)


def test_weights_are_drawn_as_published() -> None:
    torch.manual_seed(3)
    block, head, level = GenBlock(64, 48), RenderHead(64, 3), LevelDiscriminator(3, (16, 32, 64, 64, 64), False)
    drawn: list[tuple[nn.Module, int, int, float]] = [
        (block.conv1, 64 * 9, 48 * 9, math.sqrt(2)),
        (block.conv2, 48 * 9, 48 * 9, math.sqrt(2)),
        (block.shortcut, 64, 48, 1.0),
        (level.get_submodule("blocks.0.conv1"), 3 * 27, 16 * 27, math.sqrt(2)),
        (level.get_submodule("blocks.0.conv2"), 16 * 27, 16 * 27, math.sqrt(2)),
        (level.get_submodule("blocks.0.shortcut"), 3, 16, 1.0),
        (level.get_submodule("blocks.1.conv1"), 16 * 27, 16 * 27, math.sqrt(2)),
        (level.get_submodule("blocks.1.conv2"), 16 * 27, 32 * 27, math.sqrt(2)),
        (level.get_submodule("blocks.1.shortcut"), 16, 32, 1.0),
        (level.score, 64, 1, 1.0),
    ]
    for layer, fan_in, fan_out, gain in drawn:
        bound = gain * math.sqrt(6 / (fan_in + fan_out))
        assert bound * 0.9 < cast(Tensor, layer.weight).abs().max() <= bound
    # everything else keeps the framework's default: uniform up to 1 / sqrt(fan in), biases too
    for convolution in (head.conv, block.conv1, cast(nn.Conv3d, level.get_submodule("blocks.1.conv1"))):
        bound = 1 / math.sqrt(convolution.weight[0].numel())
        assert cast(Tensor, convolution.bias).abs().max() <= bound
        assert cast(Tensor, convolution.bias).abs().max() > 0
    assert 0.9 / 24 < head.conv.weight.abs().max() <= 1 / 24  # 64 channels of 3 x 3
    assert torch.equal(head.bn.weight, torch.ones(64))
    assert torch.equal(head.bn.bias, torch.zeros(64))
