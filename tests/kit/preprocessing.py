"""The published C3D mean, and how far OpenCV's resize lies from torch's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

OPENCV_AGAINST_TORCH = 2e-4
"""Of 256; measured 6e-5 to 8e-5 (golden README, section 9)."""


# ------------------------------------------------------------------------------------------------------------ golden 13b
def mean_cube(shared: Path) -> Tensor:
    with np.load(shared / "data" / "c3d" / "ucf101_mean_3x16x128x171.npz", allow_pickle=False) as file:
        return torch.from_numpy(file["mean"].reshape(3, 16, 128, 171).astype(np.float32))
