"""What a run tells whoever watches it. The terminal's progress display is one observer; the default is silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vidgen_bench.records import Best, TracePoint


@dataclass(frozen=True)
class Glance:
    """The state of training, every few iterations."""

    iteration: int
    share: float
    """How much of the budget is spent, 0 .. 1."""
    losses: Mapping[str, float]
    seconds: float
    """Training seconds so far."""


class Observer:
    """Hears what happens; every method may be left as it is."""

    def stage(self, text: str) -> None:
        """A new stage of the run begins."""

    def progress(self, what: str, done: int, total: int) -> None:
        """``done`` of ``total`` pieces of the work called ``what`` are done."""

    def trained(self, glance: Glance) -> None:
        """A few more iterations are done."""

    def evaluated(self, point: TracePoint, best: Best) -> None:
        """Scores were taken."""
