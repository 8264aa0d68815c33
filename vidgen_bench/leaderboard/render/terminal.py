"""The leaderboard for a terminal: one table per ranking, with the rows between their anchors."""

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
from vidgen_bench.leaderboard.render import costs, numbers
from vidgen_bench.leaderboard.render.notes import heading, identity, notes
from vidgen_bench.leaderboard.rows import Row

_MORE = 4
"""Number of extra metrics per table."""

ENOUGH = 100
"""The terminal width from which every cost has its own column."""


@dataclass(frozen=True)
class _CostColumn:
    """One or two costs of a row; two are stacked."""

    title: str
    cost: Callable[[Row], str]
    folds: bool = False


_WIDE = (
    _CostColumn("G_t", costs.temporal_parameters),
    _CostColumn("G", costs.generator_parameters),
    _CostColumn("iter.", costs.iterations),
    _CostColumn("dev-h", costs.device_hours),
    _CostColumn("seeds", costs.seeds, folds=True),
)

_NARROW = (
    _CostColumn("G_t\nof G", lambda row: f"{costs.temporal_parameters(row)}\n{costs.generator_parameters(row)}"),
    _CostColumn("iter.\ndev-h", lambda row: f"{costs.iterations(row)}\n{costs.device_hours(row)}"),
    _CostColumn("seeds", costs.seeds, folds=True),
)


def render_terminal(rankings: Sequence[Ranking], width: int) -> RenderableType:
    """Return the tables of the rankings; below 100 columns, costs are stacked in pairs."""
    columns = _WIDE if width >= ENOUGH else _NARROW
    return Group(*(part for ranking in rankings for part in _section(ranking, columns)))


def simple_table(leading: int = 0) -> Table:
    """Return an empty table in the style of all our tables, with ``leading`` blank lines between rows."""
    return Table(
        box=box.SIMPLE, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold", leading=leading
    )


def _section(ranking: Ranking, columns: Sequence[_CostColumn]) -> list[RenderableType]:
    head = Text.assemble((ranking.name, "bold cyan"), "\n", (identity(ranking), "dim"))
    caption = Text("\n".join(notes(ranking)), style="dim")
    extra = [name for name, entry in ranking.metrics.items() if entry.extra]
    more = [extra[i : i + _MORE] for i in range(0, len(extra), _MORE)]
    grids = [_grid(ranking.plain(), columns)]
    grids += [_grid(replace(ranking, metrics={m: ranking.metrics[m] for m in names}), ()) for names in more]
    return [Padding(head, (0, 0, 0, 1)), *grids, Padding(caption, (0, 0, 1, 1))]


def _grid(ranking: Ranking, columns: Sequence[_CostColumn]) -> Table:
    grid = simple_table()
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
    places = numbers.decimals_of(ranking)
    for name in ranking.anchors.above:
        grid.add_row(*_anchor(ranking, name, places), style="dim", end_section=name == ranking.anchors.above[-1])
    for ranked in ranking.rows:
        shown = [column.cost(ranked.row) for column in columns]
        grid.add_row(*_row(ranking, ranked, places), *shown, end_section=ranked is ranking.rows[-1])
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
    """Indent the first column if there are no ranks, to align it with the title."""
    return content if ranking.ranked else Padding(content, (0, 0, 0, 1))
