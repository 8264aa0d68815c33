"""The most operations per second that a device reaches in a large matrix product."""

from __future__ import annotations

import torch

from benchmarks.timing import now
from vidgen_bench.config.protocol import Precision
from vidgen_bench.system.precision import strictly

SIZE = {"cpu": 2048, "cuda": 8192}


class Peak:
    """A matrix product of one precision, to be repeated beside what it is compared with."""

    def __init__(self, precision: Precision, device: torch.device) -> None:
        self._precision, self._size = precision, SIZE[device.type]
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self._a, self._b = (torch.rand(self._size, self._size, device=device, dtype=dtype) for _ in range(2))
        self.rates: list[float] = []
        self.once()
        self.rates.clear()  # that one warmed up

    def once(self) -> None:
        """Multiply once more."""
        with strictly("float32" if self._precision == "bf16" else self._precision):
            since = now()[0]
            self._a @ self._b
            self.rates.append(2 * self._size**3 / (now()[0] - since))

    @property
    def rate(self) -> float:
        """The best operations per second so far."""
        return max(self.rates)
