"""The leaderboard for a terminal: one table a ranking, rows between their anchors."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from vidgen_bench.leaderboard import numbers
from vidgen_bench.leaderboard.anchors import describe
from vidgen_bench.leaderboard.notes import heading, identity, notes
from vidgen_bench.leaderboard.ranking import Ranked, Ranking


def table(rankings: Sequence[Ranking]) -> RenderableType:
    """Return the rankings one below another."""
    return Group(*(part for ranking in rankings for part in _section(ranking)))


def _section(ranking: Ranking) -> list[RenderableType]:
    caption = Padding(Text("\n".join(notes(ranking)), style="dim"), (0, 0, 1, 1))
    return [Text(f" {ranking.name}", style="bold cyan"), Text(f" {identity(ranking)}", style="dim"), _grid(ranking), caption]


def _grid(ranking: Ranking) -> Table:
    grid = Table(box=box.SIMPLE, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold", collapse_padding=True)
    if ranking.ranked:
        grid.add_column(" #", justify="right", no_wrap=True)
    grid.add_column("spec" if ranking.ranked else " spec", overflow="fold", min_width=14)
    for metric in ranking.metrics:
        grid.add_column(heading(ranking, metric), justify="right", no_wrap=True)
    for title in ("G_t", "G", "iter.", "dev-h", "seeds"):
        grid.add_column(title, justify="right", no_wrap=title != "seeds", overflow="fold")
    places = {m: numbers.decimals(r.row.scores[m] for r in ranking.rows if m in r.row.scores) for m in ranking.metrics}
    for i, name in enumerate(ranking.anchors.above):
        _add_anchor(grid, ranking, name, places, last=i + 1 == len(ranking.anchors.above))
    for i, ranked in enumerate(ranking.rows):
        _add_row(grid, ranking, ranked, places, last=i + 1 == len(ranking.rows))
    for name in ranking.anchors.below:
        _add_anchor(grid, ranking, name, places, last=False)
    return grid


def _add_anchor(grid: Table, ranking: Ranking, name: str, places: dict[str, int], *, last: bool) -> None:
    scores = ranking.anchors.scores[name]
    shown = [numbers.mean_and_spread(scores.get(m), places[m]) for m in ranking.metrics]
    grid.add_row(*([""] if ranking.ranked else []), _indented(ranking, describe(name)), *shown, style="dim", end_section=last)


def _add_row(grid: Table, ranking: Ranking, ranked: Ranked, places: dict[str, int], *, last: bool) -> None:
    row, first = ranked.row, ranked.row.records[0]
    diverged = row.diverged == len(row.entries)
    shown = [Text("diverged", style="red")] if diverged else [numbers.mean_and_spread(row.scores.get(m), places[m]) for m in ranking.metrics]
    shown += [numbers.DASH] * (len(ranking.metrics) - len(shown))
    name = Text(ranked.spec, style="bold")
    if ranked.options:
        name.append(f"\n{ranked.options}", style="not bold dim")
    if row.diverged and not diverged:
        name.append(f"\n{row.diverged} of {len(row.entries)} diverged", style="not bold red")
    grid.add_row(
        *([ranked.place] if ranking.ranked else []),
        _indented(ranking, name),
        *shown,
        numbers.count(first.parameters.temporal),
        numbers.count(first.parameters.parts.get("generator")),
        numbers.span([r.spent.iterations for r in row.records]),
        numbers.hours([r.measured.device_hours for r in row.records]),
        numbers.seeds(row.seeds),
        end_section=last,
    )


def _indented(ranking: Ranking, content: str | Text) -> RenderableType:
    """Where there is no column of ranks, keep the first letter below those of the title."""
    return content if ranking.ranked else Padding(content, (0, 0, 0, 1))
