"""Numbers on their way from a device to the host: the copy starts at once, and nothing waits until they are read."""

from __future__ import annotations

import torch
from torch import Tensor


class LateRead:
    """A copy of float64 values [n] that the host reads later."""

    def __init__(self, values: Tensor) -> None:
        on_cuda = values.device.type == "cuda"
        self._host = torch.empty(values.shape, dtype=values.dtype, pin_memory=on_cuda)
        self._host.copy_(values, non_blocking=True)
        self._copied = torch.cuda.Event() if on_cuda else None
        if self._copied is not None:
            self._copied.record()

    def read(self) -> list[float]:
        """Return the values; waits for the device if it has not computed them yet."""
        if self._copied is not None:
            self._copied.synchronize()
        values: list[float] = self._host.tolist()
        return values
