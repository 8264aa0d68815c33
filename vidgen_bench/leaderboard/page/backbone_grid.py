"""Backbones against temporal generators: the table of the paper, as one cell per pair."""

from __future__ import annotations

from dataclasses import dataclass

from vidgen_bench.config.spec import Spec, parse
from vidgen_bench.errors import RequestError
from vidgen_bench.leaderboard.page.axis import WIDTH, Axis
from vidgen_bench.leaderboard.ranking import Ranked, Ranking, backbone_of
from vidgen_bench.leaderboard.render import numbers

LEVELS = 8
"""Shades of a cell, the darkest for the best mean."""

NARROW = 6
"""The most columns that a narrow window can show beside each other."""

_MOST_COLUMNS = 20


@dataclass(frozen=True)
class GridCell:
    """One pair."""

    text: str
    place: str
    level: int
    untested: bool
    """Whether the row has no rank: too few seeds, or nothing to compare it with."""


@dataclass(frozen=True)
class BackboneGrid:
    """The cells of one metric."""

    title: str
    of: str
    """What the lines are: ``temporal`` or ``backbone``, whichever has more names."""
    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[GridCell | None, ...]], ...]
    """A name, and its cell of each column."""
    left_out: int
    """Rows without a cell: those with options, and those of a pair that a better row stands for."""

    @property
    def wide(self) -> bool:
        """Whether a narrow window shows its lines as blocks."""
        return len(self.columns) > NARROW


def backbone_grid(ranking: Ranking, metric: str, axis: Axis) -> BackboneGrid | None:
    """Return the grid of a metric; None unless it has several backbones and several temporal generators, and not many of both."""
    rows = [row for row in ranking.rows if not row.row.external and metric in row.estimates]
    cells: dict[tuple[str, str], Ranked] = {}
    for row in rows:
        if not row.options:
            cells.setdefault((backbone_of(row.row), _temporal(row)), row)
    if min(len({names[i] for names in cells}) for i in (0, 1)) < 2:
        return None
    across = 0 if len({b for b, _ in cells}) <= len({t for _, t in cells}) else 1
    columns, lines = (tuple(sorted({names[i] for names in cells})) for i in (across, 1 - across))
    if len(columns) > _MOST_COLUMNS:
        return None
    places = numbers.decimals_of(ranking)[metric]
    shades = sorted(axis.at(row.estimates[metric].mean) for row in cells.values())
    span = (shades[0], max(shades[-1] - shades[0], WIDTH * 1e-6))

    def cell(row: Ranked | None) -> GridCell | None:
        if row is None:
            return None
        share = (axis.at(row.estimates[metric].mean) - span[0]) / span[1]
        level = min(int(share * LEVELS), LEVELS - 1)
        return GridCell(
            numbers.alone(row.estimates[metric].mean, places), row.place(metric), level, metric not in row.ranks
        )

    def named(line: str, column: str) -> tuple[str, str]:
        return (column, line) if across == 0 else (line, column)

    made = tuple((line, tuple(cell(cells.get(named(line, column))) for column in columns)) for line in lines)
    of = "backbone" if across else "temporal"
    return BackboneGrid(ranking.metrics[metric].title, of, columns, made, len(rows) - len(cells))


def _temporal(row: Ranked) -> str:
    """Return the temporal generator of a row with its variant: ``ode1:equal``; for a spec that names none, the plugin's name."""
    try:
        spec = parse(row.row.spec)
    except RequestError:
        spec = Spec(row.row.spec)
    name = spec.temporal or next((p.name for p in row.row.records[0].plugins if p.kind == "temporal"), "its own")
    return name if spec.variant is None else f"{name}:{spec.variant}"
