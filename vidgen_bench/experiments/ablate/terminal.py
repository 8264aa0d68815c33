"""The table of a suite for a terminal: the paper's rows, one column per backbone, the published numbers beside ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from vidgen_bench.escaping import one_line
from vidgen_bench.experiments.ablate.table import AblationTable, CellLine
from vidgen_bench.leaderboard.render.grid import simple_table
from vidgen_bench.leaderboard.render.numbers import DASH

_STYLES = {"diverged": "red", "failed": "red", "does not fit": "dim", "not run": "dim", "published": "dim"}


def render_terminal(table: AblationTable, width: int) -> RenderableType:
    """Return the table within a width: published numbers beside ours, else below ours, else in several narrower tables."""
    head = Text.assemble((one_line(table.title), "bold cyan"), *((f"\n{one_line(line)}", "dim") for line in table.head))
    notes = Table.grid(padding=(0, 2, 0, 0))
    for letter, text in table.footnotes:
        notes.add_row(Text(letter, style="dim"), Text(one_line(text)))
    sentences = Text("\n".join(map(one_line, table.sentences)), style="dim")
    beneath = [Padding(part, (0, 0, 1, 1)) for part in ([notes] if table.footnotes else []) + [sentences]]
    return Group(Padding(head, (0, 0, 1, 1)), *_tables(table, width), *beneath)


def _tables(table: AblationTable, width: int) -> list[RenderableType]:
    if _fits(_beside, table, table.columns, width):
        return [Padding(_beside(table, table.columns), (0, 0, 1, 0))]
    parts: list[list[str]] = [[]]
    for column in table.columns:
        if parts[-1] and not _fits(_beneath, table, [*parts[-1], column], width):
            parts.append([])
        parts[-1].append(column)
    return [Padding(_beneath(table, part), (0, 0, 1, 0)) for part in parts]


def _fits(
    build: Callable[[AblationTable, Sequence[str]], Table], table: AblationTable, columns: Sequence[str], width: int
) -> bool:
    return Console(width=10_000).measure(build(table, columns)).maximum <= width


def _empty(table: AblationTable, leading: int) -> Table:
    empty = simple_table(leading)
    empty.add_column("", overflow="fold", max_width=max(24, *map(len, map(one_line, table.columns))))
    return empty


def _beside(table: AblationTable, columns: Sequence[str]) -> Table:
    """Return a grid with the published numbers in columns of their own."""
    grid = _empty(table, leading=0)
    blocks = []
    for column in columns:
        name, cells = one_line(column), [table.cells[row, column] for row in table.rows]
        ours = _Block([list(c.ours) for c in cells], [name, "ours"] if table.compares else [name])
        blocks.append(ours)
        grid.add_column(ours.head(), no_wrap=True)
        if table.compares:
            theirs = _Block([[c.published] if c.published else [] for c in cells], ["", "published"], style="dim")
            blocks.append(theirs)
            grid.add_column(theirs.head(), no_wrap=True)
    for number, row in enumerate(table.rows):
        grid.add_row(Text(f" {one_line(row)}", style="bold"), *(block.cell(number) for block in blocks))
    return grid


def _beneath(table: AblationTable, columns: Sequence[str]) -> Table:
    """Return a grid with the published numbers in brackets below ours."""
    grid = _empty(table, leading=1 if table.compares else 0)
    blocks = []
    for column in columns:
        name, cells = one_line(column), [table.cells[row, column] for row in table.rows]
        lines = [[*c.ours, *([_bracketed(c.published)] if c.published else [])] for c in cells]
        blocks.append(_Block(lines, [name, "(published)"] if table.compares else [name]))
        grid.add_column(blocks[-1].head(), no_wrap=True)
    for number, row in enumerate(table.rows):
        grid.add_row(Text(f" {one_line(row)}", style="bold"), *(block.cell(number) for block in blocks))
    return grid


def _bracketed(line: CellLine) -> CellLine:
    return dataclasses.replace(line, text=f"({line.text})", state="published")


class _Block:
    """One column: numbers aligned on the right, followed by their footnote letters."""

    def __init__(self, cells: Sequence[Sequence[CellLine]], head: Sequence[str], style: str = "") -> None:
        self._cells, self._head, self._style = cells, head, style
        lines = [line for cell in cells for line in cell]
        self._width = max(map(len, [*head, *(line.text for line in lines)]))
        self._room = max((len(line.marks) for line in lines), default=0)

    def head(self) -> Text:
        """Return the heading, aligned with the numbers."""
        first, *others = (f"{word:>{self._width}}" for word in self._head)
        return Text.assemble(first, *((f"\n{word}", "not bold dim") for word in others))

    def cell(self, row: int) -> Text:
        """Return the lines of a row; an empty cell of ours shows a dash."""
        lines = [self._text(line) for line in self._cells[row]]
        empty = "" if self._style else DASH
        return Text("\n").join(lines) if lines else Text(f"{empty:>{self._width}}", style="dim")

    def _text(self, line: CellLine) -> Text:
        marks = f" {line.marks:<{self._room}}" if self._room else ""
        return Text.assemble((f"{line.text:>{self._width}}", _STYLES.get(line.state, self._style)), (marks, "dim"))
