"""Flow between adjacent frames: the head that computes it, warping by it, and the two terms that it is learnt from."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample, interpolate


class FlowHead(nn.Module):
    """Computes flow from the feature maps of two adjacent frames: L tanh(conv(relu(conv([h_t, h_t+1])))), enlarged to the frame.

    Both convolutions are 3 x 3; the last one starts at zero, so training starts without displacement.

    Args:
        channels: channels of a feature map, also of the layer between the convolutions.
        size: side of the frame in pixels.
        largest: L, the largest displacement in pixels.
    Shape:
        maps [N, T, channels, s, s] -> flow [N, T - 1, 2, size, size] in (-L, L): pixels to the right, pixels down.
    """

    def __init__(self, channels: int, size: int, largest: float) -> None:
        super().__init__()
        self.size, self.largest = size, largest
        last = nn.Conv2d(channels, 2, 3, padding=1)
        for parameter in last.parameters():
            nn.init.zeros_(parameter)
        self.layers = nn.Sequential(nn.Conv2d(2 * channels, channels, 3, padding=1), nn.ReLU(), last, nn.Tanh())

    def forward(self, maps: Tensor) -> Tensor:
        pairs = torch.cat([maps[:, :-1], maps[:, 1:]], dim=2)
        flow = self.layers(pairs.flatten(0, 1).contiguous(memory_format=torch.channels_last))
        # bfloat16 has too few digits for positions in pixels
        flow = self.largest * flow.to(torch.promote_types(flow.dtype, torch.float32))
        return interpolate(flow, size=(self.size, self.size), mode="bilinear").unflatten(0, pairs.shape[:2])


def warp(frames: Tensor, flow: Tensor) -> Tensor:
    """Return frames(y + v, x + u), where u and v are the flow at (y, x): pixels fetched from where the flow points.

    Between pixels, the four neighbours are interpolated bilinearly. A position outside the frame counts as the nearest one on its
    border, with no gradient for the flow. ``align_corners=False`` places pixel x at (2 x + 1) / W - 1; for a width that is a power of
    two this is exact in binary, and so a shift by whole pixels copies them exactly.

    Args:
        frames: [M, C, H, W].
        flow: [M, 2, H, W] in pixels; u to the right, then v down.
    Returns:
        [M, C, H, W], at least float32.
    Reference: Jaderberg et al., "Spatial Transformer Networks" (2015), eq. 5.
    """
    flow = flow.to(torch.promote_types(flow.dtype, torch.float32))  # bfloat16 has too few digits for positions
    scaled = []
    for axis, displacement in zip((3, 2), flow.unbind(1), strict=True):
        length = frames.shape[axis]
        pixels = torch.arange(length, dtype=flow.dtype, device=flow.device)
        position = displacement + (pixels if axis == 3 else pixels[:, None])
        scaled.append((2.0 * position + 1.0) / length - 1.0)
    at = torch.stack(scaled, dim=-1)
    return grid_sample(frames.to(flow.dtype), at, mode="bilinear", padding_mode="border", align_corners=False)


def photometric(frames: Tensor, flow: Tensor) -> Tensor:
    """Return the mean absolute difference of each frame to the next one, warped back by the flow between them.

    mean |frame_t+1(y + v, x + u) - frame_t(y, x)|, with gradients for both frames and the flow.

    Args:
        frames: [N, T, C, H, W].
        flow: [N, T - 1, 2, H, W] in pixels.
    Returns:
        A scalar.
    """
    now, following = (part.flatten(0, 1) for part in (frames[:, :-1], frames[:, 1:]))
    return (warp(following, flow.flatten(0, 1)) - now).abs().mean()


def total_variation(flow: Tensor) -> Tensor:
    """Return the mean absolute difference of flow to its right neighbour, plus that to the neighbour below.

    Args:
        flow: [..., 2, H, W] in pixels.
    Returns:
        A scalar, in pixels per pixel.
    Reference: Rudin, Osher, Fatemi 1992 (in the anisotropic form).
    """
    return flow.diff(dim=-1).abs().mean() + flow.diff(dim=-2).abs().mean()
