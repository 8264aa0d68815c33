"""VGAN's networks against an oracle written out from the published layer lists, in float64, straight from the state dict."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from vidgen_backbones.vgan.discriminator import Discriminator
from vidgen_backbones.vgan.generator import Generator

State = dict[str, Tensor]
WIDTH = 1 / 16
LENGTHS = pytest.mark.parametrize(("frames", "first"), [(32, 2), (16, 1)])
"""32 frames of 64 x 64 as published, and 16, with the length of the first (and of the discriminator's last) kernel."""
TRAINING = pytest.mark.parametrize("training", [True, False], ids=["batch statistics", "running statistics"])


def drawn(module: nn.Module, seed: int) -> nn.Module:
    """The module in float64 with every weight and statistic drawn so that activations keep their size and both their signs."""
    generator = torch.Generator().manual_seed(seed)
    module.double()
    with torch.no_grad():
        for name, t in module.state_dict().items():
            if not t.is_floating_point():
                continue
            noise = torch.randn(t.shape, generator=generator, dtype=torch.float64)
            if t.ndim > 1:
                t.copy_(noise * (2.0 / t[0].numel()) ** 0.5)
            elif name.endswith("running_var"):
                t.copy_(0.5 + noise.abs())
            else:  # a vector called weight is a scale of a batch normalisation
                t.copy_(0.3 * noise + (1.0 if name.endswith("weight") else 0.0))
    return module


def layers(state: State, prefix: str | tuple[str, ...]) -> Iterator[tuple[State, State]]:
    """The layers of a stack as (convolution, batch normalisation or nothing), in the order of the state dict."""
    groups: dict[str, State] = {}
    for name, value in state.items():
        if name.startswith(prefix):
            layer, _, entry = name.rpartition(".")
            groups.setdefault(layer, {})[entry] = value
    convolution: State | None = None
    for group in groups.values():
        if "running_mean" not in group:
            if convolution is not None:
                yield convolution, {}
            convolution = group
        else:
            assert convolution is not None
            yield convolution, group
            convolution = None
    if convolution is not None:
        yield convolution, {}


def normalised(x: Tensor, norm: State, eps: float, training: bool) -> Tensor:
    """Batch normalisation by its definition: biased variance over all axes but the channels."""
    axes = [0, *range(2, x.ndim)]
    shape = (1, -1, *(1 for _ in axes[1:]))
    mean = x.mean(axes) if training else norm["running_mean"]
    var = ((x - mean.view(shape)) ** 2).mean(axes) if training else norm["running_var"]
    scale = norm["weight"] / (var + eps).sqrt()
    return (x - mean.view(shape)) * scale.view(shape) + norm["bias"].view(shape)


def grown(
    state: State,
    prefix: str | tuple[str, ...],
    x: Tensor,
    transposed: Callable[..., Tensor],
    channels: list[int],
    training: bool,
) -> Tensor:
    """A generator's trunk: kernel 4, stride 1, padding 0, then kernel 4, stride 2, padding 1; BN, ReLU after every one."""
    found = list(layers(state, prefix))
    assert [c["weight"].shape[1] for c, _ in found] == channels
    for i, (convolution, norm) in enumerate(found):
        assert norm
        stride, padding = (1, 0) if i == 0 else (2, 1)
        x = transposed(x, convolution["weight"], convolution["bias"], stride=stride, padding=padding)
        x = normalised(x, norm, 1e-5, training).clamp(min=0)
    return x


def generated(state: State, z: Tensor, frames: int, training: bool) -> tuple[Tensor, Tensor]:
    """Both streams and their mixture: m f + (1 - m) b."""
    channels = [32, 16, 8, 4]  # 512, 256, 128, 64 at a 16th
    image = {n.removeprefix("background."): t for n, t in state.items() if n.startswith("background.")}
    video = {n.removeprefix("video."): t for n, t in state.items() if n.startswith("video.")}
    still = grown(image, ("start", "grow"), z[:, :, None, None], F.conv_transpose2d, channels, training)
    moving = grown(video, ("start", "grow"), z[:, :, None, None, None], F.conv_transpose3d, channels, training)

    def head(x: Tensor, of: State, name: str, transposed: Callable[..., Tensor]) -> Tensor:
        return transposed(x, of[f"{name}.0.weight"], of[f"{name}.0.bias"], stride=2, padding=1)

    background = torch.tanh(head(still, image, "colour", F.conv_transpose2d))
    foreground = torch.tanh(head(moving, video, "colour", F.conv_transpose3d))
    mask = 1 / (1 + torch.exp(-head(moving, video, "mask", F.conv_transpose3d)))
    assert mask.shape[1:] == (1, frames, 64, 64)
    clips = [mask[:, 0, t, None] * foreground[:, :, t] + (1 - mask[:, 0, t, None]) * background for t in range(frames)]
    return torch.stack(clips, dim=2), mask


def judged(state: State, clips: Tensor, training: bool) -> Tensor:
    """The discriminator: LeakyReLU 0.2 after all but the last, BN with epsilon 1e-3 between from the second."""
    found = list(layers(state, ""))
    assert [c["weight"].shape[0] for c, _ in found] == [4, 8, 16, 32, 2]  # 64, 128, 256, 512 at a 16th, two logits
    assert [bool(norm) for _, norm in found] == [False, True, True, True, False]
    x = clips
    for i, (convolution, norm) in enumerate(found):
        stride, padding = (2, 1) if i < 4 else (1, 0)
        x = F.conv3d(x, convolution["weight"], convolution["bias"], stride=stride, padding=padding)
        if norm:
            x = normalised(x, norm, 1e-3, training)
        if i < 4:
            x = torch.where(x > 0, x, 0.2 * x)
    assert x.shape[2:] == (1, 1, 1)
    return x[:, :, 0, 0, 0]


@TRAINING
@LENGTHS
def test_both_streams_and_their_mixture(frames: int, first: int, training: bool) -> None:
    module = drawn(Generator(frames, 64, 3, WIDTH), 1).train(training)
    state = {n: t.clone() for n, t in module.state_dict().items() if t.is_floating_point()}
    assert state["video.start.0.weight"].shape == (100, 32, first, 4, 4)
    z = torch.randn(3, 100, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    with torch.no_grad():
        (clips, mask), (expected, of_mask) = module(z), generated(state, z, frames, training)
    torch.testing.assert_close(mask, of_mask, atol=1e-12, rtol=0)
    torch.testing.assert_close(clips, expected, atol=1e-12, rtol=0)
    assert clips.std() > 0.1
    assert 0.05 < mask.std() < 0.5


@TRAINING
@LENGTHS
def test_the_discriminator(frames: int, first: int, training: bool) -> None:
    module = drawn(Discriminator(frames, 64, 3, WIDTH), 3).train(training)
    state = {n: t.clone() for n, t in module.state_dict().items() if t.is_floating_point()}
    assert state["logits.weight"].shape == (2, 32, first, 4, 4)
    clips = torch.rand(3, 3, frames, 64, 64, generator=torch.Generator().manual_seed(4), dtype=torch.float64) * 2 - 1
    with torch.no_grad():
        logits, expected = module(clips), judged(state, clips, training)
    torch.testing.assert_close(logits, expected, atol=1e-12, rtol=1e-12)
    assert logits.std() > 1e-2
