"""The state of a training run apart from the weights: counters and the best checkpoint. Checkpoints store all of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from vidgen_bench.config.budget import Budget

_Number = Annotated[int, Field(ge=0, le=2**63 - 1, strict=True)]
_Operations = Annotated[int, Field(ge=0, le=10**30, strict=True)]
_Seconds = Annotated[float, Field(ge=0, strict=True)]
_Flag = Annotated[bool, Field(strict=True)]


@dataclass
class Progress:
    """Counters of a run. Resuming needs only these, the weights and the optimiser states: there is no random state."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)
    """How a checkpoint's progress is checked when it is read."""

    iteration: _Number = 0
    clips: _Number = 0
    flops: _Operations = 0
    flops_per_iteration: _Operations = 0
    train_seconds: _Seconds = 0.0
    evaluate_seconds: _Seconds = 0.0
    ended: _Flag = False
    diverged: _Flag = False
    pending: _Flag = False
    """An evaluation was due but was interrupted by Ctrl-C."""
    trace_bytes: _Number = 0
    trace_sha256: str | None = None
    """Of the first ``trace_bytes`` bytes of the trace; checkpoints of earlier versions do not keep it."""
    best: dict[str, Any] | None = None
    """``{"iteration", "metric", "value", "file", "sha256"}`` of the best checkpoint."""
    witness: list[str] = field(default_factory=list)
    loss_count: _Number = 0
    """Iterations since the last evaluation, the terms of the running loss sums."""
    started: str = ""
    resumed: _Number = 0
    peak_memory: _Number = 0
    changes: list[dict[str, Any]] = field(default_factory=list)
    """The changes of the code since the run began, in the form of :class:`vidgen_bench.records.code.AcceptedChange`."""

    def share(self, budget: Budget, world: int, *, hours: bool = True) -> float:
        """Return the largest fraction spent of any limit of the budget, with or without its hours; 1 or more ends the run."""
        spent = {
            "iterations": self.iteration,
            "clips": self.clips,
            "flops": self.flops,
            "device_hours": self.train_seconds * world / 3600.0,
        }
        limits = {kind: limit for kind, limit in budget.limits.items() if hours or kind != "device_hours"}
        return max((spent[kind] / limit for kind, limit in limits.items()), default=0.0)

    @contextmanager
    def timed(self, counter: str) -> Iterator[None]:
        """Add the seconds that a ``with`` block takes to one of the counters."""
        since = time.monotonic()
        try:
            yield
        finally:
            setattr(self, counter, getattr(self, counter) + time.monotonic() - since)
