"""The arithmetic of training: strict float32, TF32 in products and convolutions, or bfloat16 under autocast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from vidgen_bench.api import Batch, Player
from vidgen_bench.config.track import TrainingPrecision
from vidgen_bench.errors import RequestError
from vidgen_bench.noise import Noise

SWITCHES: Mapping[TrainingPrecision, Literal["float32", "tf32", "bf16"]] = {
    "fp32": "float32",
    "tf32": "tf32",
    "bf16": "bf16",
}
"""What :func:`vidgen_bench.system.precision.strictly` calls each of them."""

_CAPABILITY = (8, 0)
_CUDNN = 91500
"""Earlier cuDNN 9 has wrong and slow 3-D convolutions in half precision (PyTorch issues 163539, 166122 and 166643)."""


def in_precision(player: Player, precision: TrainingPrecision, device: torch.device) -> Player:
    """Return a player whose loss is computed under autocast if the precision is bf16; gradients are taken outside of it."""
    if precision != "bf16":
        return player

    def loss(batch: Batch | None, noise: Noise) -> Mapping[str, Tensor]:
        with torch.autocast(device.type, dtype=torch.bfloat16):
            return player.loss(batch, noise)

    return replace(player, loss=loss)


def require_precision(track: str, precision: TrainingPrecision, device: torch.device) -> None:
    """Refuse a precision that the device does not have.

    Raises:
        RequestError: TF32 or bf16 without an NVIDIA GPU of compute capability 8.0, or bf16 with a cuDNN older than 9.15.
    """
    if precision == "fp32":
        return
    missing = None
    if device.type != "cuda":
        missing = f"an NVIDIA GPU; this run is on {device.type}"
    elif (found := torch.cuda.get_device_capability(device)) < _CAPABILITY:
        missing = f"a GPU of compute capability 8.0 or newer; this one has {found[0]}.{found[1]}"
    elif precision == "bf16" and (cudnn := torch.backends.cudnn.version() or 0) < _CUDNN:
        missing = f"cuDNN 9.15 or newer, as earlier ones compute 3-D convolutions wrongly; found {_dotted(cudnn)}"
    if missing:
        raise RequestError(
            f"The track {track} trains in {precision}, which needs {missing}. --precision fp32 runs anywhere, on another track."
        )


def _dotted(version: int) -> str:
    """Return cuDNN's version as people write it: 9.10.2 for 91002."""
    return f"{version // 10000}.{version // 100 % 100}.{version % 100}" if version else "none"
