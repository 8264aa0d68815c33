"""The table of ``--watch``: where every run stands."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from vidgen_bench.cli.console import output
from vidgen_bench.cli.progress import shown
from vidgen_bench.cli.state_styles import STYLES
from vidgen_bench.escaping import printable
from vidgen_bench.experiments.estimate.amounts import duration, number
from vidgen_bench.experiments.launch.standing import Standings
from vidgen_bench.experiments.run.standing import Standing, counted
from vidgen_bench.leaderboard.render.grid import simple_table
from vidgen_bench.system.interrupt import stopped

if TYPE_CHECKING:
    from vidgen_bench.experiments.launch.runs import Run

_EVERY = 3.0
"""Seconds between two readings."""

_LAST = {"waiting": 1, "done": 2}
"""The states of runs that are listed last, and left out first if not all rows fit."""

_AROUND = 6
"""Lines of the table that are not rows."""


def watch(runs: Sequence[Run]) -> None:
    """Print where the runs stand: once, or on a terminal again and again until all have ended.

    Raises:
        Interrupted: Ctrl-C; the runs go on.
    """
    standings, console = Standings(runs), output()
    found = standings.read()
    if not console.is_terminal:
        console.print(table(found))
        return
    try:
        with Live(table(found, console.height), console=console, auto_refresh=False) as live:
            live.refresh()
            while not all(standing.ended for standing in found):
                time.sleep(_EVERY)
                found = standings.read()
                live.update(table(found, console.height), refresh=True)
            live.update(table(found))
    except KeyboardInterrupt:
        raise stopped("Stopped watching; the runs go on.") from None


def table(standings: Sequence[Standing], height: int | None = None) -> RenderableType:
    """Return the table: the sum of all runs, and a row per run.

    Args:
        standings: where the runs stand.
        height: the lines of a terminal, which cuts a longer table: then the runs at work come first, and those that are done last.
    """
    grid = simple_table()
    grid.add_column("#", justify="right", no_wrap=True)
    grid.add_column("run", overflow="fold", min_width=16)
    for heading in ("state", "done", "iteration", "last scores", "where", "attempt", "heard"):
        numeric = heading in ("done", "iteration", "attempt", "heard")
        grid.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    rows = list(enumerate(standings, start=1))
    if height is not None and len(rows) > height - _AROUND:
        rows.sort(key=lambda row: _LAST.get(row[1].state, 0))
    for place, one in rows:
        begun = one.attempt > 0
        grid.add_row(
            str(place),
            Text.assemble(printable(one.name), (f"\n{printable(one.message)}", "dim") if one.message else ""),
            Text(one.state, STYLES.get(one.state, "")),
            f"{one.share:.0%}" if begun else "",
            number(one.iteration) if begun else "",
            Text(printable(shown(one.scores))),
            Text(printable(" ".join(word for word in (one.host, one.device, one.job) if word))),
            str(one.attempt) if begun else "",
            "" if one.age is None else f"{duration(one.age)} ago",
        )
    return Group(Text(f"{counted(standings)}.\n"), grid)
