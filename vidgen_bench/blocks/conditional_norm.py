"""Batch normalisation whose scale and shift depend on a condition."""

from __future__ import annotations

from torch import Tensor, nn


class ConditionalBatchNorm2d(nn.Module):
    """Normalises each channel over the batch; scale and shift are linear in a condition vector c of each row.

    y = (1 + G c) (x - mean) / sqrt(variance + 1e-5) + S c, without biases: c = 0 gives a plain normalisation.

    Args:
        channels: C.
        condition: D, the width of c.
    Shape:
        [N, C, H, W], [N, D] -> [N, C, H, W].
    Reference: de Vries et al., "Modulating early visual processing by language" (2017); Brock, Donahue, Simonyan, "Large Scale GAN
        Training" (2019), appendix B.
    """

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.normalise = nn.BatchNorm2d(channels, affine=False)
        self.scale = nn.Linear(condition, channels, bias=False)
        self.shift = nn.Linear(condition, channels, bias=False)

    def forward(self, maps: Tensor, condition: Tensor) -> Tensor:
        scale, shift = (layer(condition)[..., None, None] for layer in (self.scale, self.shift))
        return shift + (1.0 + scale) * self.normalise(maps)
