"""The progress of a run: one live line per stage on a terminal, plain lines otherwise."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column

from vidgen_bench.system.observer import Glance, Observer

_EARLY_SECONDS, _LATE_SECONDS = 2.0, 10.0
"""The shortest time between two progress lines without a terminal, in the first minutes and later; evaluations are always printed."""

_EARLY_UNTIL = 300.0
"""Seconds in which somebody may be waiting for a first run; a first run must not look as if it had stopped."""


def shown(scores: Mapping[str, float]) -> str:
    """Return ``IS 2.31  FID 14.2``."""
    return "  ".join(f"{name.upper()} {value:.4g}" for name, value in scores.items())


def bars_on(console: Console) -> Progress:
    """Return the progress bars of a console, which show nothing without a terminal."""
    # the note takes the columns that are left, so that it never pushes the time left out of the line
    rest = Column(no_wrap=True, overflow="ellipsis", ratio=1)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("eta"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False, table_column=rest),
        console=console,
        expand=True,
        transient=True,
        disable=not console.is_terminal,
    )


class TerminalObserver(Observer):
    """Shows iteration, loss terms, last and best score, time left and memory in progress bars; use it as a context manager.

    Several runs side by side share their ``bars``, which are started elsewhere, and each has a ``mark`` before its lines.
    """

    def __init__(self, console: Console, bars: Progress | None = None, mark: str = "") -> None:
        self._console, self._mark = console, mark
        self._live = console.is_terminal
        self._own = bars is None
        self._bars = bars_on(console) if bars is None else bars
        self._tasks: dict[str, TaskID] = {}
        self._begun = time.monotonic()
        self._printed = 0.0
        self._losses = self._scores = ""
        self._from: tuple[float, float] | None = None

    def __enter__(self) -> TerminalObserver:
        if self._own:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()
        if self._own:
            self._bars.stop()

    def stage(self, text: str) -> None:
        """Print the heading of a new stage."""
        self._clear()
        self._print(text, style="bold" if self._live and self._own else None)

    def progress(self, what: str, done: int, total: int) -> None:
        """Update the bar of one task, and remove it when the task is done; without a total, print the task's name."""
        if total == 0:
            self._print(what)
            return
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(self._mark + what, total=total, note="")
            if not self._live and done < total:
                self._plain(f"{what}: {done} of {total}")
        self._bars.update(self._tasks[what], completed=done, total=total)
        if done >= total:
            self._bars.remove_task(self._tasks.pop(what))
        elif not self._live:
            self._plain(f"{what}: {done} of {total}")

    def trained(self, glance: Glance) -> None:
        """Show losses, scores, time left and memory."""
        if "training" not in self._tasks:
            self._tasks["training"] = self._bars.add_task(f"{self._mark}training", total=1.0, note="")
            self._from = (glance.share, time.monotonic())
        if glance.losses:
            if not self._losses:
                self._printed = 0.0  # print the first losses, however short the run
            self._losses = "  ".join(f"{name} {value:.3g}" for name, value in glance.losses.items())
        note = f"iteration {glance.iteration}  {self._losses}  {self._scores}"
        if self._own:  # else the run is in another process
            note += f"  {_gibibytes():.1f} GiB"
        self._bars.update(self._tasks["training"], completed=glance.share, note=note)
        if not self._live:
            self._plain(f"training: {glance.share:.0%}{self._left(glance)}  {note}")

    def evaluated(self, iteration: int, scores: Mapping[str, float], best_iteration: int) -> None:
        """Print the scores, and mark the best checkpoint so far."""
        self._scores = f"last {shown(scores)}  best at {best_iteration}"
        star = "  (best so far)" if best_iteration == iteration else ""
        self._print(f"{'  ' if self._own else ''}iteration {iteration}: {shown(scores)}{star}")

    def _left(self, glance: Glance) -> str:
        if self._from is None or glance.share <= self._from[0]:
            return ""
        seconds = (time.monotonic() - self._from[1]) * (1.0 - glance.share) / (glance.share - self._from[0])
        return f", {seconds:.0f} s left"

    def _plain(self, text: str) -> None:
        now = time.monotonic()
        if now - self._printed >= (_EARLY_SECONDS if now - self._begun < _EARLY_UNTIL else _LATE_SECONDS):
            self._printed = now
            self._print(text)

    def _print(self, text: str, style: str | None = None) -> None:
        self._console.print(self._mark + text, style=style, highlight=False, markup=False)

    def _clear(self) -> None:
        """Remove every bar of this run."""
        for task in self._tasks.values():
            self._bars.remove_task(task)
        self._tasks.clear()


def _gibibytes() -> float:
    import torch

    from vidgen_bench.system.memory import peak_memory

    return peak_memory(torch.device("cuda" if torch.cuda.is_available() else "cpu")) / 2**30
