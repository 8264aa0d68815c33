"""The mean colours of a clip's frames, as a module."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MeanColour(nn.Module):
    """``clips [N, 3, T, H, W] -> {"mean-colour": [N, 3 T]}``, float32 under any precision of the protocol."""

    def forward(self, clips: Tensor) -> dict[str, Tensor]:
        """Return the mean of each channel in each frame."""
        with torch.autocast(clips.device.type, enabled=False):
            return {"mean-colour": clips.float().mean(dim=(3, 4)).flatten(1)}
