"""The leaderboard for a terminal: one table per ranking, with the rows between their anchors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from vidgen_bench.escaping import one_line
from vidgen_bench.leaderboard.anchors import describe
from vidgen_bench.leaderboard.published.lines import PublishedLine
from vidgen_bench.leaderboard.ranking import Ranked, Ranking, family_of
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.choice import EVERYTHING, Choice
from vidgen_bench.leaderboard.render.chosen_grid import chosen_grid
from vidgen_bench.leaderboard.render.closing import closing
from vidgen_bench.leaderboard.render.grid import Grid
from vidgen_bench.leaderboard.render.notes import PARAMETERS, identity, notes
from vidgen_bench.leaderboard.render.paragraph import Paragraph
from vidgen_bench.leaderboard.render.terminal_cells import label, score, title

_MORE = 4
"""Number of extra metrics per table."""

_COSTS = f"{PARAMETERS} iter. and dev-h: iterations, and device-hours per run."

ENOUGH = 100
"""The terminal width from which every cost has its own column."""


_WIDE = {"G_t": ("G_t",), "G": ("G",), "iter.": ("iterations",), "dev-h": ("device-hours",), "seeds": ("seeds",)}
_NARROW = {"G_t\nof G": ("G_t", "G"), "iter.\ndev-h": ("iterations", "device-hours"), "seeds": ("seeds",)}
"""The heading of each cost column, and its one or two costs; two are stacked."""


def render_terminal(rankings: Sequence[Ranking], width: int, choice: Choice = EVERYTHING) -> RenderableType:
    """Return the tables of the rankings; below 100 columns, costs are stacked in pairs unless the columns are chosen."""
    columns = _WIDE if width >= ENOUGH else _NARROW
    return Group(*(part for ranking in rankings for part in _section(ranking, columns, choice)))


def _section(given: Ranking, columns: Mapping[str, Sequence[str]], choice: Choice) -> list[RenderableType]:
    ranking = choice.narrowed(given)
    head = Text.assemble((one_line(ranking.title), "bold cyan"), "\n", (identity(ranking), "dim"))
    below = [*notes(ranking, choice.sort), *([] if choice.columns else [_COSTS]), *closing(ranking)]
    caption = Text("\n".join(below), style="dim")
    if choice.columns:
        return [Paragraph(head), chosen_grid(ranking, choice.columns_of(given), choice), Paragraph(caption, below=1)]
    extra = [name for name, entry in ranking.metrics.items() if entry.extra]
    more = [extra[i : i + _MORE] for i in range(0, len(extra), _MORE)]
    rows = [row for _, row in choice.listed(ranking)]
    grids = [_grid(ranking.plain(), rows, columns)]
    grids += [_grid(replace(ranking, metrics={m: ranking.metrics[m] for m in names}), rows, {}) for names in more]
    return [Paragraph(head), *grids, Paragraph(caption, below=1)]


def _grid(ranking: Ranking, rows: Sequence[Ranked], columns: Mapping[str, Sequence[str]]) -> Grid:
    grid = Grid()
    if ranking.ranked:
        grid.add_column(" #", justify="right", no_wrap=True)
    grid.add_column("spec" if ranking.ranked else " spec", overflow="fold", min_width=15)
    for name in ranking.metrics:
        grid.add_column(title(ranking, name), justify="right", no_wrap=True)
    for heads in columns:
        grid.add_column(heads, justify="right", no_wrap=heads != "seeds", overflow="fold", min_width=5)
    places = numbers.decimals_of(ranking)
    for name in ranking.anchors.above:
        grid.add_row(*_anchor(ranking, name, places), style="dim", end_section=name == ranking.anchors.above[-1])
    families = [family_of(row, ranking.family) for row in rows]
    for ranked, ours, following in zip(rows, families, [*families[1:], None], strict=True):
        costs = numbers.costs(ranked.row)
        shown = ["\n".join(costs[name] for name in names) for names in columns.values()]
        grid.add_row(*_row(ranking, ranked, places), *shown, end_section=ours != following)
    for name in ranking.anchors.below:
        grid.add_row(*_anchor(ranking, name, places), style="dim", end_section=name == ranking.anchors.below[-1])
    lines = [line for line in ranking.published if line.scores.keys() & ranking.metrics.keys()]
    if lines:
        grid.add_row(*([""] if ranking.ranked else []), _indented(ranking, "published, not ranked:"), style="dim")
    for line in lines:
        grid.add_row(*_published(ranking, line, places), style="dim")
    return grid


def _published(ranking: Ranking, line: PublishedLine, places: dict[str, int]) -> list[RenderableType]:
    shown = [numbers.as_published(line.scores.get(m), places[m]) for m in ranking.metrics]
    name = f"{line.system} (known error)" if line.errors else line.system
    return [*([""] if ranking.ranked else []), _indented(ranking, name), *shown]


def _anchor(ranking: Ranking, name: str, places: dict[str, int]) -> list[RenderableType]:
    scores = ranking.anchors.scores[name]
    shown = [numbers.mean_and_spread(scores.get(m), places[m]) for m in ranking.metrics]
    return [*([""] if ranking.ranked else []), _indented(ranking, describe(name)), *shown]


def _row(ranking: Ranking, ranked: Ranked, places: dict[str, int]) -> list[RenderableType]:
    row = ranked.row
    name = label(ranked)
    if row.diverged == len(row.entries):
        shown: list[RenderableType] = [Text("diverged", style="red"), *[numbers.DASH] * (len(ranking.metrics) - 1)]
    else:
        shown = [score(ranking, ranked, m, places[m]) for m in ranking.metrics]
    return [*([ranked.place(ranking.select)] if ranking.ranked else []), _indented(ranking, name), *shown]


def _indented(ranking: Ranking, content: str | Text) -> RenderableType:
    """Indent the first column if there are no ranks, to align it with the title."""
    text = Text(one_line(content)) if isinstance(content, str) else content
    return text if ranking.ranked else Padding(text, (0, 0, 0, 1))
