"""Progress reports of a run. The terminal's progress display is one observer; the default ignores every report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vidgen_bench.system.interrupt import Interrupt


@dataclass(frozen=True)
class Glance:
    """The state of training, reported every few iterations."""

    iteration: int
    share: float
    """Fraction of the budget that is spent, 0 .. 1."""
    losses: Mapping[str, float]
    """Means, or nothing if they were not read since the last report."""
    seconds: float
    """Training seconds so far."""


class Observer:
    """Receives progress reports; override the methods you need."""

    def stage(self, text: str) -> None:
        """Called when a new stage of the run begins."""

    def progress(self, what: str, done: int, total: int) -> None:
        """Called when ``done`` of ``total`` units of the work ``what`` are finished."""

    def trained(self, glance: Glance) -> None:
        """Called every few training iterations."""

    def evaluated(self, iteration: int, scores: Mapping[str, float], best_iteration: int) -> None:
        """Called after each evaluation; ``best_iteration`` is that of the best checkpoint so far."""


class Interruptible(Observer):
    """Forwards every report to another observer, and ends a stage outside training after Ctrl-C."""

    def __init__(self, observer: Observer, interrupt: Interrupt) -> None:
        self._observer, self._interrupt = observer, interrupt

    def trained(self, glance: Glance) -> None:
        """Forward; after Ctrl-C the trainer itself ends the iteration."""
        self._observer.trained(glance)

    def evaluated(self, iteration: int, scores: Mapping[str, float], best_iteration: int) -> None:
        """Forward."""
        self._observer.evaluated(iteration, scores, best_iteration)

    def stage(self, text: str) -> None:
        """Forward, or raise Interrupted after Ctrl-C."""
        self._interrupt.check(text)
        self._observer.stage(text)

    def progress(self, what: str, done: int, total: int) -> None:
        """Forward, then raise Interrupted after Ctrl-C."""
        self._observer.progress(what, done, total)
        self._interrupt.check(what)
