"""From clips in [-1, 1] to what C3D reads, as TGAN's evaluation and the neural-differential-equation study do it."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import convert_conv3d_weight_memory_format

from vidgen_bench.errors import RequestError
from vidgen_bench.instruments.c3d.network import C3D, FRAMES

GRID = 128
CROP = slice(8, 120)
MEAN_COLUMNS = slice(21, 149)
"""The mean cube is 171 wide; its middle 128 columns lie under the 128 x 128 frame."""

CUBE = (3, FRAMES, GRID, 171)
"""Shape of the mean cube: BGR, T, H, W."""


@lru_cache(maxsize=16)
@torch.inference_mode(False)  # a matrix that inference made could not be used where gradients flow
def bicubic(size: int, device: torch.device | None = None) -> Tensor:
    """Return the matrix [128, size] that resizes one axis as OpenCV's INTER_CUBIC does (a = -0.75, edges replicated, no antialiasing).

    The resize is separable and the same for every frame, so two matrix products do it, in a quarter of the time of
    ``interpolate`` on a CPU; the weights are read off ``interpolate`` itself, in float64. The matrix is kept: do not write into it.
    """
    unit = torch.eye(size, dtype=torch.float64, device=device)[None, :, :, None]
    columns = F.interpolate(unit, size=(GRID, 1), mode="bicubic", align_corners=False, antialias=False)
    return columns[0, :, :, 0].T.float()


def resized(clips: Tensor, keep: slice = slice(None)) -> Tensor:
    """Return the rows and columns ``keep`` of every frame of clips [N, C, T, H, W], resized to 128 x 128."""
    rows, columns = (bicubic(size, clips.device)[keep] for size in clips.shape[-2:])
    wide = clips.flatten(0, 2) @ columns.T
    return (rows @ wide).unflatten(0, clips.shape[:3])


class Preprocessing(nn.Module):
    """Preprocessing "tgan".

    y = BGR(resize(128 x + 128)) - mean, then rows and columns 8:120; nothing is clipped or rounded. The resize is bicubic
    (a = -0.75, edges replicated, no antialiasing, align_corners False), which is OpenCV's INTER_CUBIC to 1e-4 of 256.

    Its weights sum to one, so 128 x + 128 is applied after it, together with the mean: y = 128 resize(x) + (128 - mean).

    Reference: Saito et al. 2017 (TGAN), the released evaluation script.
    """

    offset: Tensor

    def __init__(self, mean: Tensor) -> None:
        """Take the mean in pixel values, BGR: a cube [3, 16, 128, 171], or one value a channel [3]."""
        super().__init__()
        crop = mean.float()[..., MEAN_COLUMNS][..., CROP, CROP] if mean.dim() == 4 else mean.float().view(3, 1, 1, 1)
        self.register_buffer("offset", 128.0 - crop)

    def forward(self, clips: Tensor) -> Tensor:
        """Return float32 [N, 3 BGR, 16, 112, 112] of clips [N, 3 RGB, 16, H, W] in [-1, 1], H and W at will.

        Raises:
            RequestError: not of that shape.
        """
        if clips.dim() != 5 or clips.shape[1] != 3 or clips.shape[2] != FRAMES:
            raise RequestError(
                f"C3D measures clips [N, 3, {FRAMES}, H, W]; found {list(clips.shape)}. "
                f"Ask for {FRAMES} frames: clip.frames = {FRAMES} in the track."
            )
        return torch.add(self.offset, resized(clips.float().flip(1), CROP), alpha=128.0)


class C3DInstrument(nn.Module):
    """Preprocessing and C3D in one: ``clips [N, 3, 16, H, W] in [-1, 1] -> {"prob": [N, K], "fc7": [N, D]}``, float32."""

    def __init__(self, network: C3D, mean: Tensor) -> None:
        super().__init__()
        self.preprocessing = Preprocessing(mean)
        self.network = network
        convert_conv3d_weight_memory_format(network, torch.channels_last_3d)  # 1.6 times as fast on a CPU
        self.requires_grad_(False).eval()

    def forward(self, clips: Tensor) -> dict[str, Tensor]:
        """Return class probabilities [N, K] and fc7 after ReLU [N, D] of raw clips.

        Raises:
            RequestError: not 16 frames of 3 channels.
        """
        return self.network(self.preprocessing(clips).contiguous(memory_format=torch.channels_last_3d))
