"""What a command shows of the runs that a launcher has: a bar per run on a terminal, lines otherwise."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import TaskID

from vidgen_bench.cli.progress import bars_on, shown
from vidgen_bench.escaping import printable
from vidgen_bench.experiments.launch.task import Task, Watcher

if TYPE_CHECKING:
    from vidgen_bench.experiments.launch.runs import Run
    from vidgen_bench.experiments.run.status import Status

_LOOK = 2.0
"""Seconds between two readings of the files in which runs say what they are doing."""

_LINES = 10.0
"""Seconds between two lines on the progress of one run, without a terminal; evaluations are always printed."""


class LaunchView(Watcher):
    """Prints what happens to runs, each with its number in the list of all; use it as a context manager."""

    def __init__(self, console: Console, runs: Sequence[Run]) -> None:
        self._console = console
        self._runs = {run.key: (number, run) for number, run in enumerate(runs, start=1)}
        self._bars = bars_on(console)
        self._tasks: dict[str, tuple[Task, TaskID]] = {}
        self._scores: dict[str, dict[str, float]] = {}
        self._printed: dict[str, float] = {}
        self._last = 0.0

    def __enter__(self) -> LaunchView:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def started(self, task: Task, host: str) -> None:
        """Print the heading of a run, and show its bar."""
        self._print(f"{self._mark(task, of=True)}{task.job.name}{f'  on {host}' if host else ''}", style="bold")
        if task.key not in self._tasks:
            bar = self._bars.add_task(f"{self._mark(task)}{task.job.name}", total=1.0, note="starting")
            self._tasks[task.key] = task, bar
        self._printed[task.key] = time.monotonic()

    def ended(self, task: Task) -> None:
        """Remove its bar."""
        if (found := self._tasks.pop(task.key, None)) is not None:
            self._bars.remove_task(found[1])

    def again(self, task: Task, reason: str) -> None:
        """Print why a run is started once more."""
        self._print(f"{self._mark(task)}{'' if task.key in self._runs else f'{task.job.name}: '}{reason}")

    def looked(self) -> None:
        """Show what the runs say of themselves."""
        from vidgen_bench.experiments.run.status import read_status

        now = time.monotonic()
        if now - self._last < _LOOK:
            return
        self._last = now
        for key, (task, bar) in self._tasks.items():
            if key not in self._runs:
                self._show_log(task, bar, now)
            elif (status := read_status(self._runs[key][1].folder.path)) is not None:
                self._show(key, bar, status, now)

    def _show_log(self, task: Task, bar: TaskID, now: float) -> None:
        """Show the last line of a job that is not a run: how far decoding is, or the reference statistics."""
        from vidgen_bench.experiments.launch.log import last_line

        line = last_line(task.job.log)
        self._bars.update(bar, note=line)
        if line and not self._console.is_terminal and now - self._printed.get(task.key, now) >= _LINES:
            self._printed[task.key] = now
            self._print(f"{task.job.name}: {line}")

    def _show(self, key: str, bar: TaskID, status: Status, now: float) -> None:
        note = printable(f"{status.state}  iteration {status.iteration}  {shown(status.scores)}".rstrip())
        self._bars.update(bar, completed=status.share, note=note)
        fresh = dict(status.scores) != self._scores.get(key, {})
        late = not self._console.is_terminal and now - self._printed.get(key, now) >= _LINES
        if fresh or late:
            self._scores[key], self._printed[key] = dict(status.scores), now
            self._print(f"[{self._runs[key][0]}] {status.share:.0%}  {note}")

    def _mark(self, task: Task, *, of: bool = False) -> str:
        if task.key not in self._runs:
            return ""
        return f"[{self._runs[task.key][0]}{f'/{len(self._runs)}' if of else ''}] "

    def _print(self, text: str, style: str | None = None) -> None:
        self._console.print(text, style=style, highlight=False, markup=False)
