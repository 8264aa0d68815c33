"""Preprocessing from clips in [-1, 1] to C3D's input.

"tgan" (TGAN, the neural-differential-equation study), "tganv2" (TGANv2), and "native", which does not resize.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv3d_weight_memory_format

from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.measure.instruments.c3d.network import C3D, FRAMES, SIZE
from vidgen_bench.measure.instruments.c3d.resize import resized

GRID = 128
CROP = slice(8, 120)
"""The 112 rows and columns of the 128 x 128 grid that the network reads."""

MEAN_COLUMNS = slice(21, 149)
"""The middle 128 columns of the mean cube, which is 171 wide, match the 128 x 128 frame."""

CUBE = (3, FRAMES, GRID, 171)
"""Shape of the mean cube: BGR, T, H, W."""


class Preprocessing(nn.Module):
    """y = 128 resize(x) + (128 - mean), channels in the order BGR; subclasses define the resize and the crop of the mean."""

    offset: Tensor

    def __init__(self, mean: Tensor) -> None:
        """Take the mean in pixel values, BGR: a cube [3, 16, 128, 171], or one value per channel [3]."""
        super().__init__()
        crop = self.cropped(mean.float()) if mean.dim() == 4 else mean.float().view(3, 1, 1, 1)
        self.register_buffer("offset", 128.0 - crop)

    @staticmethod
    @abstractmethod
    def cropped(mean: Tensor) -> Tensor:
        """Return the part [3, 16, S, S] of a mean cube to subtract."""

    @staticmethod
    @abstractmethod
    def sized(clips: Tensor) -> Tensor:
        """Return clips [N, 3, 16, H, W] at the size of the network [N, 3, 16, S, S], still in [-1, 1]."""

    def forward(self, clips: Tensor) -> Tensor:
        """Return float32 [N, 3 BGR, 16, S, S] for clips [N, 3 RGB, 16, H, W] in [-1, 1]; S is 112 for any H and W, unless native.

        Raises:
            RequestError: the clips have another shape.
        """
        if clips.dim() != 5 or clips.shape[1] != 3 or clips.shape[2] != FRAMES:
            raise RequestError(
                f"C3D measures clips [N, 3, {FRAMES}, H, W]; found {list(clips.shape)}. "
                f"Set clip.frames = {FRAMES} in the track."
            )
        # bfloat16 would round pixel values to integers before the mean is subtracted
        with torch.autocast(clips.device.type, enabled=False):
            return torch.add(self.offset, self.sized(clips.float().flip(1)), alpha=128.0)


class TganPreprocessing(Preprocessing):
    """Preprocessing "tgan".

    y = BGR(resize(128 x + 128)) - mean[columns 21:149], then rows and columns 8:120; nothing is clipped or rounded. The resize is
    bicubic to 128 x 128 (a = -0.75, edges replicated, no antialiasing), which agrees with OpenCV's INTER_CUBIC to 1e-4 of 256.

    The weights of the resize sum to one, so 128 x + 128 is applied after it, together with the mean: y = 128 resize(x) + (128 - mean).

    Reference: Saito et al. 2017 (TGAN), the released evaluation script.
    """

    @staticmethod
    def cropped(mean: Tensor) -> Tensor:
        """Return the middle of the cube: columns 29:141 of its 171."""
        return mean[..., MEAN_COLUMNS][..., CROP, CROP]

    @staticmethod
    def sized(clips: Tensor) -> Tensor:
        """Return rows and columns 8:120 of the frames at 128 x 128."""
        return resized(clips, "bicubic", GRID, CROP)


class TganV2Preprocessing(Preprocessing):
    """Preprocessing "tganv2".

    y = resize(128 BGR(clip(x, -1, 1))) + 128 - mean[rows 8:120, columns 8:120]. The whole frame is resized straight to 112 x 112,
    bilinearly, without a 128-pixel stage or a crop of the frame. Columns 8:120 of the 171-wide cube are 21 pixels to the left of
    those that "tgan" subtracts: the released network does this, so it is kept.

    The resize is chainer's ``resize_images`` in its align-corners form. This form is a reconstruction from chainer's default; no
    output of the released network was available for comparison.

    Reference: Saito et al. 2020 (TGANv2), the released evaluation network with its layers ``pre`` and ``mean``.
    """

    @staticmethod
    def cropped(mean: Tensor) -> Tensor:
        """Return columns 8:120 of the cube, off its centre."""
        return mean[..., CROP, CROP]

    @staticmethod
    def sized(clips: Tensor) -> Tensor:
        """Return the whole frames, clipped to [-1, 1], at 112 x 112."""
        return resized(clips.clamp(-1.0, 1.0), "bilinear", SIZE)


class NativePreprocessing(Preprocessing):
    """Preprocessing "native": y = 128 BGR(x) + (128 - mean), one mean per channel; the frames are read at their own size.

    For networks that were trained at the size of a track's clips, where a resize would cost time and add nothing.
    """

    @staticmethod
    def cropped(mean: Tensor) -> Tensor:
        """Refuse a mean cube, which belongs to frames of 128 x 171 pixels.

        Raises:
            RequestError: always.
        """
        raise RequestError('The preprocessing "native" subtracts one mean per channel [3]; found a mean cube.')

    @staticmethod
    def sized(clips: Tensor) -> Tensor:
        """Return the clips as they are."""
        return clips


NATIVE = "native"

PREPROCESSINGS: Mapping[str, type[Preprocessing]] = {
    "tgan": TganPreprocessing,
    "tganv2": TganV2Preprocessing,
    NATIVE: NativePreprocessing,
}


class C3DInstrument(nn.Module):
    """Preprocessing and C3D in one: ``clips [N, 3, 16, H, W] in [-1, 1] -> {"prob": [N, K], "fc7": [N, D]}``."""

    def __init__(self, network: C3D, mean: Tensor, preprocessing: str = "tgan") -> None:
        """Take a network, the mean in pixel values, BGR ([3, 16, 128, 171] or [3]), and the name of a preprocessing.

        Raises:
            RequestError: there is no preprocessing with this name, or it resizes to another size than the network's.
        """
        super().__init__()
        if preprocessing not in PREPROCESSINGS:
            hint = did_you_mean(preprocessing, PREPROCESSINGS)
            raise RequestError(f"C3D has no preprocessing {preprocessing!r}.{hint}")
        if preprocessing != NATIVE and network.layout.size != SIZE:
            raise RequestError(
                f"The preprocessing {preprocessing!r} resizes to {SIZE} pixels, but this C3D reads {network.layout.size}; "
                f"use {NATIVE!r}."
            )
        self.preprocessing = PREPROCESSINGS[preprocessing](mean)
        self.network = network
        convert_conv3d_weight_memory_format(network, torch.channels_last_3d)  # 1.6 times as fast on a CPU
        self.requires_grad_(False).eval()

    def forward(self, clips: Tensor) -> dict[str, Tensor]:
        """Return class probabilities [N, K] and fc7 after ReLU [N, D] for raw clips.

        Raises:
            RequestError: the clips do not have 16 frames of 3 channels, or not the size that a native network reads.
        """
        x, size = self.preprocessing(clips), self.network.layout.size
        if x.shape[-2:] != (size, size):
            raise RequestError(f"This C3D reads frames of {size} x {size} pixels; found {x.shape[-2]} x {x.shape[-1]}.")
        return self.network(x.contiguous(memory_format=torch.channels_last_3d))
