"""The table of a ranking in a terminal with the columns that a reader chose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text

from vidgen_bench.escaping import one_line
from vidgen_bench.leaderboard.anchors import describe
from vidgen_bench.leaderboard.published.lines import PublishedLine
from vidgen_bench.leaderboard.ranking import Ranked, Ranking, family_of
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.choice import HEADS, Choice
from vidgen_bench.leaderboard.render.grid import Grid
from vidgen_bench.leaderboard.render.json_text import status
from vidgen_bench.leaderboard.render.terminal_cells import label, score, title

Cells = Mapping[str, RenderableType]

_LEFT = ("spec", "options", "status")
"""The columns that are aligned on the left."""


def chosen_grid(ranking: Ranking, names: Sequence[str], choice: Choice) -> Grid:
    """Return the table of a ranking with these columns, in this order."""
    grid = Grid()
    for name in names:
        head = title(ranking, name) if name in ranking.metrics else HEADS.get(name, name)
        folds = name in (*_LEFT, "seeds")
        grid.add_column(head, justify="left" if name in _LEFT else "right", no_wrap=not folds, overflow="fold")
    for cells, style, ends in (
        *_above(ranking),
        *_rows(ranking, names, choice),
        *_below(ranking),
        *_papers(ranking, names),
    ):
        grid.add_row(*(cells.get(name, "") for name in names), style=style, end_section=ends)
    return grid


def _above(ranking: Ranking) -> Iterator[tuple[Cells, str | None, bool]]:
    for name in ranking.anchors.above:
        yield _anchor(ranking, name), "dim", name == ranking.anchors.above[-1]


def _below(ranking: Ranking) -> Iterator[tuple[Cells, str | None, bool]]:
    for name in ranking.anchors.below:
        yield _anchor(ranking, name), "dim", name == ranking.anchors.below[-1]


def _rows(ranking: Ranking, names: Sequence[str], choice: Choice) -> Iterator[tuple[Cells, str | None, bool]]:
    rows = [row for _, row in choice.listed(ranking)]
    families = [family_of(row, ranking.family) for row in rows]
    for row, ours, following in zip(rows, families, [*families[1:], None], strict=True):
        yield _row(ranking, row, names), None, ours != following


def _papers(ranking: Ranking, names: Sequence[str]) -> Iterator[tuple[Cells, str | None, bool]]:
    for line in ranking.published:
        yield _published(ranking, line, names), "dim", False


def _row(ranking: Ranking, row: Ranked, names: Sequence[str]) -> Cells:
    places = numbers.decimals_of(ranking)
    shown = {"rank": row.place(ranking.select), "options": one_line(row.options), "status": status(row)}
    scores = {metric: score(ranking, row, metric, places[metric]) for metric in ranking.metrics}
    name = label(row, names)
    if row.row.diverged == len(row.row.entries) and "status" not in names:
        name.append("\ndiverged", style="not bold red")
    return {**shown, **numbers.costs(row.row), **scores, "spec": name}


def _anchor(ranking: Ranking, name: str) -> Cells:
    places, scores = numbers.decimals_of(ranking), ranking.anchors.scores[name]
    shown = {m: numbers.mean_and_spread(scores.get(m), places[m]) for m in ranking.metrics}
    return {**shown, "spec": Text(describe(name))}


def _published(ranking: Ranking, line: PublishedLine, names: Sequence[str]) -> Cells:
    places = numbers.decimals_of(ranking)
    shown = {m: numbers.as_published(line.scores.get(m), places[m]) for m in ranking.metrics}
    state = "published, known error" if line.errors else "published"
    name = line.system if "status" in names else f"{line.system} ({state})"
    return {**shown, "spec": Text(one_line(name)), "status": state}
