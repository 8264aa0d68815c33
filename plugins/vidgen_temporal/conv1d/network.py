"""TGAN's own temporal generator, transposed one-dimensional convolutions: the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from vidgen_bench.api import LatentSpec, Times
from vidgen_bench.latent import initialise

if TYPE_CHECKING:
    from vidgen_bench.noise import Noise

FIRST, LEAST = 512, 128
"""Channels of the one-frame layer; each doubling halves them, down to the minimum."""


class Conv1dGenerator(nn.Module):
    """Transposed convolutions over time: source -> 512, then log2(frames) doublings to the latent.

    16 frames give the paper's 100-512-256-128-128-100. BN and ReLU after all but the last layer, which ends in tanh.

    Args:
        spec: the backbone's latent, a vector; ``frames`` a power of two.
    Shape:
        z0 [N, source] -> [N, frames, d]; the times are always the training grid.
    Reference: Saito, Matsumoto, Saito, "Temporal Generative Adversarial Nets with Singular Value Clipping" (ICCV 2017).
    """

    def __init__(self, spec: LatentSpec) -> None:
        super().__init__()
        doublings = spec.frames.bit_length() - 1
        widths = [max(FIRST >> i, LEAST) for i in range(doublings)]
        layers: list[nn.Module] = [nn.ConvTranspose1d(spec.source, widths[0], 1)]
        for before, after in zip(widths, [*widths[1:], spec.shape[0]], strict=True):
            layers += [nn.BatchNorm1d(before), nn.ReLU(), nn.ConvTranspose1d(before, after, 4, stride=2, padding=1)]
        self.layers = nn.Sequential(*layers, nn.Tanh())
        initialise(self, spec.init)

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.layers(z0[:, :, None]).transpose(1, 2)
