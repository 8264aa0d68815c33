"""The leaderboard for a terminal: one table a ranking, rows between their anchors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from vidgen_bench.leaderboard.anchors import describe
from vidgen_bench.leaderboard.ranking import Ranked, Ranking
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.notes import heading, identity, notes

_MORE = 4
"""Extra metrics in one table."""

ENOUGH = 100
"""Columns from which on every fact has a column of its own."""


@dataclass(frozen=True)
class _Column:
    """One or two facts about the cost of a row; two stand one above the other."""

    title: str
    facts: Callable[[Ranked], str]
    folds: bool = False


def _temporal(ranked: Ranked) -> str:
    return numbers.count(ranked.row.records[0].parameters.temporal)


def _generator(ranked: Ranked) -> str:
    return numbers.count(ranked.row.records[0].parameters.parts.get("generator"))


def _iterations(ranked: Ranked) -> str:
    if ranked.row.external:
        return numbers.DASH
    return numbers.span([r.spent.iterations for r in ranked.row.records])


def _hours(ranked: Ranked) -> str:
    if ranked.row.external:
        return numbers.DASH
    return numbers.hours([r.measured.device_hours for r in ranked.row.records])


def _seeds(ranked: Ranked) -> str:
    if ranked.row.external:
        return numbers.DASH
    return numbers.seeds(ranked.row.seeds)


_WIDE = (
    _Column("G_t", _temporal),
    _Column("G", _generator),
    _Column("iter.", _iterations),
    _Column("dev-h", _hours),
    _Column("seeds", _seeds, folds=True),
)

_NARROW = (
    _Column("G_t\nof G", lambda r: f"{_temporal(r)}\n{_generator(r)}"),
    _Column("iter.\ndev-h", lambda r: f"{_iterations(r)}\n{_hours(r)}"),
    _Column("seeds", _seeds, folds=True),
)


def table(rankings: Sequence[Ranking], width: int) -> RenderableType:
    """Return the rankings one below another; in fewer than 100 columns, facts about cost stand in pairs."""
    columns = _WIDE if width >= ENOUGH else _NARROW
    return Group(*(part for ranking in rankings for part in _section(ranking, columns)))


def _section(ranking: Ranking, columns: Sequence[_Column]) -> list[RenderableType]:
    head = Text.assemble((ranking.name, "bold cyan"), "\n", (identity(ranking), "dim"))
    caption = Text("\n".join(notes(ranking)), style="dim")
    extra = [name for name, entry in ranking.metrics.items() if entry.extra]
    more = [extra[i : i + _MORE] for i in range(0, len(extra), _MORE)]
    grids = [_grid(ranking.plain(), columns)]
    grids += [_grid(replace(ranking, metrics={m: ranking.metrics[m] for m in names}), ()) for names in more]
    return [Padding(head, (0, 0, 0, 1)), *grids, Padding(caption, (0, 0, 1, 1))]


def _grid(ranking: Ranking, columns: Sequence[_Column]) -> Table:
    grid = Table(box=box.SIMPLE, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold")
    if ranking.ranked:
        grid.add_column(" #", justify="right", no_wrap=True)
    grid.add_column("spec" if ranking.ranked else " spec", overflow="fold", min_width=15)
    for metric in ranking.metrics:
        caveat = ranking.metrics[metric].caveat
        title = Text(heading(ranking, metric))
        grid.add_column(
            title.append(f"\n{caveat}", style="not bold dim") if caveat else title, justify="right", no_wrap=True
        )
    for column in columns:
        grid.add_column(column.title, justify="right", no_wrap=not column.folds, overflow="fold", min_width=5)
    places = {m: numbers.decimals(r.row.scores[m] for r in ranking.rows if m in r.row.scores) for m in ranking.metrics}
    for name in ranking.anchors.above:
        grid.add_row(*_anchor(ranking, name, places), style="dim", end_section=name == ranking.anchors.above[-1])
    for ranked in ranking.rows:
        costs = [column.facts(ranked) for column in columns]
        grid.add_row(*_row(ranking, ranked, places), *costs, end_section=ranked is ranking.rows[-1])
    for name in ranking.anchors.below:
        grid.add_row(*_anchor(ranking, name, places), style="dim")
    return grid


def _anchor(ranking: Ranking, name: str, places: dict[str, int]) -> list[RenderableType]:
    scores = ranking.anchors.scores[name]
    shown = [numbers.mean_and_spread(scores.get(m), places[m]) for m in ranking.metrics]
    return [*([""] if ranking.ranked else []), _indented(ranking, describe(name)), *shown]


def _row(ranking: Ranking, ranked: Ranked, places: dict[str, int]) -> list[RenderableType]:
    row = ranked.row
    diverged = row.diverged == len(row.entries)
    name = Text(ranked.spec, style="bold")
    if ranked.options:
        name.append(f"\n{ranked.options}", style="not bold dim")
    if row.external:
        name.append("\nexternal", style="not bold dim")
    if row.diverged and not diverged:
        name.append(f"\n{row.diverged} of {len(row.entries)} diverged", style="not bold red")
    shown: list[RenderableType] = [numbers.mean_and_spread(row.scores.get(m), places[m]) for m in ranking.metrics]
    if diverged and shown:
        shown[0] = Text("diverged", style="red")
    return [*([ranked.place] if ranking.ranked else []), _indented(ranking, name), *shown]


def _indented(ranking: Ranking, content: str | Text) -> RenderableType:
    """Where there is no column of ranks, keep the first letter below those of the title."""
    return content if ranking.ranked else Padding(content, (0, 0, 0, 1))
