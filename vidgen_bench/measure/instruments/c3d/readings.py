"""Deliberately altered readings of an instrument file, each with the mistake that it would undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from vidgen_bench.measure.instruments.c3d.network import CONVOLUTIONS, Layout
from vidgen_bench.measure.instruments.c3d.preprocessing import NativePreprocessing, TganPreprocessing
from vidgen_bench.measure.instruments.c3d.weights import Card

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Means:
    """The means that a reading may subtract, BGR; both broadcast over clips [N, 3, 16, 112, 112]."""

    own: Tensor
    """The mean in the file, [3, 16, 112, 112] or [3, 1, 1, 1]."""
    data: Tensor
    """The mean of the tested clips, [3, 1, 1, 1]."""


@dataclass(frozen=True)
class Reading:
    """One reading of a file: how it makes the network's input, and how it interprets the weights."""

    name: str
    cause: str = ""
    """The fault of the file and its fix, if this reading is better than the file's own."""
    network_input: Callable[[Tensor, Means], Tensor] = lambda pixels, means: pixels - means.own
    """``(pixels [N, 3 BGR, 16, S, S] in 0..255, means) -> input``."""
    weights: Callable[[Weights, Layout], Weights] = lambda weights, layout: weights


def pixels_of(clips: Tensor, card: Card) -> Tensor:
    """Return pixel values [N, 3 BGR, 16, S, S] for clips [N, 3 RGB, 16, H, W] in [-1, 1]: a mean of 0; "tgan" unless native."""
    make = TganPreprocessing if card.size is None else NativePreprocessing
    return make(torch.zeros(3)).to(clips.device)(clips)


def own_mean(mean: Tensor) -> Tensor:
    """Return a file's mean in the form that preprocessing "tgan" subtracts."""
    return TganPreprocessing.cropped(mean) if mean.dim() == 4 else mean.view(3, 1, 1, 1)


def _kernels(change: Callable[[Tensor], Tensor]) -> Callable[[Weights, Layout], Weights]:
    """Return a function that applies ``change`` to the kernel [out, in, T, H, W] of every convolution."""
    names = {f"{name}.weight" for name in CONVOLUTIONS}
    return lambda weights, layout: {n: change(w).contiguous() if n in names else w for n, w in weights.items()}


def _channels_first(weights: Weights, layout: Layout) -> Weights:
    """Reorder fc6's columns from H, W, C, as TensorFlow flattens pool5, to C, H, W, as this network does."""
    fc6 = weights["fc6.weight"].view(layout.hidden, layout.cells, layout.cells, 8 * layout.width).permute(0, 3, 1, 2)
    return {**weights, "fc6.weight": fc6.reshape(layout.hidden, layout.flat)}


OWN = Reading("as it is")

ALTERED: tuple[Reading, ...] = (
    Reading(
        "mean reversed",
        "The mean is in RGB order. Reverse its first axis (it must be BGR) and import again.",
        lambda pixels, means: pixels - means.own.flip(0),
    ),
    Reading(
        "weights and mean in RGB",
        "Weights and mean are in RGB order. Reverse the second axis of conv1a's weight and the mean's first, and import again.",
        lambda pixels, means: pixels.flip(1) - means.own,
    ),
    Reading(
        "weights in RGB",
        "The weights expect RGB. Reverse the second axis of conv1a's weight and import again.",
        lambda pixels, means: (pixels - means.own).flip(1),
    ),
    Reading(
        "input of size one",
        "The weights expect values of about -1 to 1. Divide conv1a's weight by 128 and import again.",
        lambda pixels, means: (pixels - means.own) / 128,
    ),
    Reading(
        "kernels as H, W, T",
        "The kernels' axes are (out, in, H, W, T). Move the last axis before H and import again.",
        weights=_kernels(lambda w: w.permute(0, 1, 4, 2, 3)),
    ),
    Reading(
        "kernels mirrored",
        "The kernels are mirrored along T, H and W, as Theano stores them. Flip these axes and import again.",
        weights=_kernels(lambda w: w.flip(2, 3, 4)),
    ),
    Reading(
        "fc6 reads H, W, C",
        "fc6's columns are in the order H, W, C, as TensorFlow flattens pool5. Reorder them to C, H, W and import again.",
        weights=_channels_first,
    ),
    Reading(
        "fc7 transposed",
        "fc7's weight is transposed, which its square shape hides. Transpose it to (out, in) and import again.",
        weights=lambda weights, layout: {**weights, "fc7.weight": weights["fc7.weight"].T.contiguous()},
    ),
    Reading(
        "no mean",
        "The weights were trained without subtracting a mean; this file's mean does not belong to them.",
        lambda pixels, means: pixels,
    ),
    Reading(
        "mean of these clips",
        "The file's mean does not fit the videos (zero, another scale, or other data). Import with the mean cube of the weights.",
        lambda pixels, means: pixels - means.data,
    ),
)
"""One mistake per reading, special ones before general ones. Two mistakes at once show only as an accuracy at chance."""
