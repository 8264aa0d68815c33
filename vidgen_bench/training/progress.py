"""The state of a training run apart from the weights: counters and the best checkpoint. Checkpoints store all of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from vidgen_bench.config.budget import Budget


@dataclass
class Progress:
    """Counters of a run. Resuming needs only these, the weights and the optimiser states: there is no random state."""

    iteration: int = 0
    clips: int = 0
    flops: int = 0
    flops_per_iteration: int = 0
    train_seconds: float = 0.0
    evaluate_seconds: float = 0.0
    ended: bool = False
    diverged: bool = False
    pending: bool = False
    """An evaluation was due but was interrupted by Ctrl-C."""
    trace_bytes: int = 0
    best: dict[str, Any] | None = None
    """``{"iteration", "metric", "value", "file"}`` of the best checkpoint."""
    witness: list[str] = field(default_factory=list)
    loss_count: int = 0
    """Iterations since the last evaluation, the terms of the running loss sums."""
    started: str = ""
    resumed: int = 0
    peak_memory: int = 0

    def share(self, budget: Budget, world: int) -> float:
        """Return the largest fraction spent of any limit of the budget; 1 or more ends the run."""
        spent = {
            "iterations": self.iteration,
            "clips": self.clips,
            "flops": self.flops,
            "device_hours": self.train_seconds * world / 3600.0,
        }
        return max(spent[kind] / limit for kind, limit in budget.limits.items())

    @contextmanager
    def timed(self, counter: str) -> Iterator[None]:
        """Add the seconds that a ``with`` block takes to one of the counters."""
        since = time.monotonic()
        try:
            yield
        finally:
            setattr(self, counter, getattr(self, counter) + time.monotonic() - since)
