"""Measures seconds of work on a device, with a clock that a test can replace."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Stopwatch:
    """Seconds of work on a device: a GPU has finished the work when the clock is read."""

    device: torch.device
    clock: Callable[[], float] = time.perf_counter

    def seconds(self, work: Callable[[], object]) -> float:
        """Return the seconds of one call."""
        self._finish()
        since = self.clock()
        work()
        self._finish()
        return self.clock() - since

    def typical(self, work: Callable[[], object], *, least: int, most: int, enough: float) -> float:
        """Return the median seconds of a call: of ``least`` to ``most`` calls, until ``enough`` seconds are spent."""
        found: list[float] = []
        while len(found) < least or (len(found) < most and sum(found) < enough):
            found.append(self.seconds(work))
        return statistics.median(found)

    def _finish(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
