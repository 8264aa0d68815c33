"""The check that samples are within [-1, 1]: their largest pixel stays on the device until it is asked for."""

from __future__ import annotations

import torch
from torch import Tensor

from vidgen_bench.errors import PluginError

_LIMIT = 1.0 + 1e-5


class PixelRange:
    """The largest absolute pixel of the parts added so far; a part that is not finite does not count, as training may diverge."""

    def __init__(self) -> None:
        self._largest: Tensor | None = None

    def add(self, clips: Tensor) -> None:
        """Add a part; nothing waits for the device."""
        largest = clips.abs().amax().double()
        largest = torch.where(largest.isfinite(), largest, 0.0)
        self._largest = largest if self._largest is None else torch.maximum(self._largest, largest)

    def check(self) -> None:
        """Wait for the device; raise ``PluginError`` if a pixel is outside [-1, 1]."""
        if self._largest is not None and float(self._largest) > _LIMIT:
            raise PluginError(f"game.sample returned pixels up to {float(self._largest):.3g}; expected [-1, 1]")
