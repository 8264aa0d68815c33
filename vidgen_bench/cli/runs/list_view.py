"""The list of ``vidgen-bench runs``: one table per track."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from vidgen_bench.cli.state_styles import STYLES
from vidgen_bench.escaping import printable
from vidgen_bench.experiments.estimate.amounts import size
from vidgen_bench.experiments.run.standing import counted
from vidgen_bench.leaderboard.render.grid import simple_table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from vidgen_bench.experiments.runs.summary import RunSummary

_TOLD = ("failed", "damaged")
"""The states whose reason is shown below the table."""

_PARTIAL = ("preparing", "training", "scoring", "silent", "stopped", "begun", "failed")
"""The states with a share of the budget."""


def print_list(console: Console, found: Sequence[RunSummary], root: Path) -> None:
    """Print the runs below a folder, grouped by their tracks."""
    if not found:
        console.print(
            f"There are no runs below {printable(str(root))}. Start one: vidgen-bench run tgan+ode2", soft_wrap=True
        )
        return
    for track, group in groupby(found, lambda one: one.name.rpartition("/")[0].partition("/")[0]):
        its = list(group)
        console.print(Text(printable(track) or ".", "bold cyan"), soft_wrap=True)
        console.print(_table(its, track))
        for one in its:
            if one.standing.state in _TOLD and one.standing.message:
                console.print(Text(f"{_below(one, track)}: {printable(one.standing.message, 300)}", "dim"))
        console.print()
    total, files = sum(one.bytes for one in found), sum(one.files for one in found)
    states = counted([one.standing for one in found])
    console.print(f"{states}; {size(total)} in {files:,} files below {printable(str(root))}.")


def _table(found: Sequence[RunSummary], track: str) -> Table:
    """Return the table of one track."""
    metrics = {one.metric for one in found if one.metric}
    title = printable(metrics.pop().upper(), 12) if len(metrics) == 1 else "score"
    grid = simple_table()
    grid.add_column("run", overflow="fold", min_width=12)
    grid.add_column("state", no_wrap=True)
    for word in ("last", "best", "final"):
        grid.add_column(f"{word}\n{title}", justify="right", no_wrap=True)
    grid.add_column("size", justify="right", no_wrap=True)
    grid.add_column("age", justify="right", no_wrap=True)
    for one in found:
        standing = one.standing
        share = f" {standing.share:.0%}" if standing.state in _PARTIAL and standing.share else ""
        grid.add_row(
            Text(_below(one, track)),
            Text(f"{standing.state}{share}", STYLES.get(standing.state, "")),
            *(shown(value) for value in (one.last, one.best, one.final)),
            size(one.bytes),
            "" if one.age is None else age(one.age),
        )
    return grid


def _below(one: RunSummary, track: str) -> str:
    """Return the name of a run below its track: ``tgan+ode1/seed-0``."""
    return printable(one.name.removeprefix(f"{track}/") if track else one.name, 200)


def shown(value: float | None) -> str:
    """Return a score as a table shows it, with four digits; "" without one."""
    return "" if value is None else f"{value:#.4g}".removesuffix(".")


def age(seconds: float) -> str:
    """Return an age in one unit: ``35 s``, ``12 min``, ``3 h`` or ``5 d``."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:.0f} s"
