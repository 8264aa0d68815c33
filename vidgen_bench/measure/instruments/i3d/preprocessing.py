"""Preprocessing from clips in [-1, 1] to I3D's input: frames of 224 x 224 pixels in [-1, 1], by the two rules in use.

Both rules take pixel values 0..255. Clips in this harness hold x = (p - 128) / 128, so p = 128 x + 128 recovers the pixels of a
real clip exactly. A generated 1 becomes 256, so values outside 0..255 are clamped (the original code refuses them). The rules
differ in the rounding and in the pixel centres of the resize.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.measure.instruments.i3d.network import FRAMES, SIZE


@dataclass(frozen=True)
class Rule:
    """A conversion from pixel values to the network's input."""

    rounded: bool
    """Whether values are rounded to the nearest integer, halves up."""
    half_pixels: bool
    """Whether pixel centres are at half-integers, source = (i + 1/2) in / out - 1/2, or at integers, source = i in / out."""


RULES: Mapping[str, Rule] = {
    "fvd": Rule(rounded=False, half_pixels=False),
    "stylegan-v": Rule(rounded=True, half_pixels=True),
}


@lru_cache(maxsize=16)
@torch.inference_mode(False)  # a matrix made in inference mode cannot be used under autograd
def bilinear(size: int, half_pixels: bool, device: torch.device | None = None) -> Tensor:
    """Return the matrix [224, size] that resizes one axis bilinearly, edges replicated, without antialiasing.

    Row i holds the weights around source coordinate s: 1 - (s - floor s) for pixel floor s, the rest for the next pixel.
    The resize is separable and the same for every frame, so two matrix products suffice. The matrix is cached: do not modify it.
    """
    i = torch.arange(SIZE, dtype=torch.float64)
    source = ((i + 0.5) * size / SIZE - 0.5).clamp(min=0) if half_pixels else i * size / SIZE
    low = source.floor().long().clamp(max=size - 1)
    part = source - low
    matrix = torch.zeros(SIZE, size, dtype=torch.float64)
    matrix[torch.arange(SIZE), low] = 1 - part
    matrix[torch.arange(SIZE), (low + 1).clamp(max=size - 1)] += part
    return matrix.float().to(device)


class Preprocessing(nn.Module):
    """Preprocessing by one of the rules.

    "fvd": y = 2 resize(clamp(128 x + 128)) / 255 - 1. No rounding; the resize is that of TensorFlow 1,
    ``resize_bilinear(align_corners=False)``, without half-pixel centres. Reference: Unterthiner et al. 2018, released code.

    "stylegan-v": y = 2 resize(floor(clamp(128 x + 128 + 1/2))) / 255 - 1, half-pixel centres. StyleGAN-V computes
    uint8(clamp(127.5 x + 128)), the nearest integer to 127.5 x + 127.5, because its clips are p / 127.5 - 1. For the clips here the
    nearest integer is the formula above; StyleGAN-V's would darken every pixel of a real clip above 128 by one. Reference:
    Skorokhodov et al. 2022, released code; its resize is inside its TorchScript archive.

    The weights of the resize sum to one, so the scale is applied before it, to fewer pixels.
    """

    def __init__(self, name: str) -> None:
        """Take the name of a rule.

        Raises:
            RequestError: there is no rule with this name.
        """
        super().__init__()
        if name not in RULES:
            raise RequestError(f"I3D has no preprocessing {name!r}.{did_you_mean(name, RULES)}")
        self.rule = RULES[name]

    def forward(self, clips: Tensor) -> Tensor:
        """Return float32 [N, 3 RGB, T, 224, 224] in [-1, 1] for clips [N, 3 RGB, T, H, W] in [-1, 1], for any H and W.

        Raises:
            RequestError: the clips have another shape, or fewer than 9 frames.
        """
        if clips.dim() != 5 or clips.shape[1] != 3 or clips.shape[2] < FRAMES:
            raise RequestError(
                f"I3D measures clips [N, 3, T, H, W] with T of at least {FRAMES}; found {list(clips.shape)}. "
                f"Set clip.frames in the track to {FRAMES} or more."
            )
        # pixels stay in float32 for every precision of the network
        with torch.autocast(clips.device.type, enabled=False):
            values = self.pixels(clips).mul_(2 / 255).sub_(1)
            rows, columns = (bilinear(size, self.rule.half_pixels, clips.device) for size in clips.shape[-2:])
            wide = values.flatten(0, 2) @ columns.T
            return (rows @ wide).unflatten(0, clips.shape[:3])

    def pixels(self, clips: Tensor) -> Tensor:
        """Return the pixel values 0..255 that clips in [-1, 1] stand for, float32."""
        values = clips.float().mul(128).add_(128)
        return values.add_(0.5).clamp_(0, 255).floor_() if self.rule.rounded else values.clamp_(0, 255)
