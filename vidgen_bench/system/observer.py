"""What a run tells whoever watches it. The terminal's progress display is one observer; the default is silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vidgen_bench.errors import Interrupted
from vidgen_bench.system.interrupt import Interrupt


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

    def evaluated(self, iteration: int, scores: Mapping[str, float], best_iteration: int) -> None:
        """Scores were taken at an iteration; the best checkpoint so far is that of ``best_iteration``."""


class Interruptible(Observer):
    """Passes everything on, and ends a stage outside training where Ctrl-C asked for it."""

    def __init__(self, observer: Observer, interrupt: Interrupt) -> None:
        self._observer, self._interrupt = observer, interrupt

    def trained(self, glance: Glance) -> None:
        """Pass it on; the trainer itself ends after the iteration."""
        self._observer.trained(glance)

    def evaluated(self, iteration: int, scores: Mapping[str, float], best_iteration: int) -> None:
        """Pass it on."""
        self._observer.evaluated(iteration, scores, best_iteration)

    def stage(self, text: str) -> None:
        """Pass it on, or end."""
        self._check(text)
        self._observer.stage(text)

    def progress(self, what: str, done: int, total: int) -> None:
        """Pass it on, or end."""
        self._observer.progress(what, done, total)
        self._check(what)

    def _check(self, what: str) -> None:
        if self._interrupt.requested:
            raise Interrupted(f"Stopped during {what}. The same command goes on from there.")
