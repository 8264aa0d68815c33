"""The table of a suite at the terminal: rows as the paper's, a column a backbone, the published numbers beside ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from vidgen_bench.experiments.ablate.table import Line, Sheet

DASH = "–"

_STYLES = {"diverged": "red", "failed": "red", "does not fit": "dim", "not run": "dim", "published": "dim"}


def view(sheet: Sheet, width: int) -> RenderableType:
    """Return the table within a width: published numbers beside ours, or beneath them, or fewer columns at a time."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    head = Text.assemble((sheet.title, "bold cyan"), *((f"\n{line}", "dim") for line in sheet.head))
    notes = Table.grid(padding=(0, 2, 0, 0))
    for letter, text in sheet.footnotes:
        notes.add_row(Text(letter, style="dim"), Text(text))
    said = Text("\n".join(sheet.sentences), style="dim")
    beneath = [Padding(part, (0, 0, 1, 1)) for part in ([notes] if sheet.footnotes else []) + [said]]
    return Group(Padding(head, (0, 0, 1, 1)), *_tables(sheet, width), *beneath)


def _tables(sheet: Sheet, width: int) -> list[RenderableType]:
    from rich.padding import Padding

    if _fits(_beside, sheet, sheet.columns, width):
        return [Padding(_beside(sheet, sheet.columns), (0, 0, 1, 0))]
    parts: list[list[str]] = [[]]
    for column in sheet.columns:
        if parts[-1] and not _fits(_beneath, sheet, [*parts[-1], column], width):
            parts.append([])
        parts[-1].append(column)
    return [Padding(_beneath(sheet, part), (0, 0, 1, 0)) for part in parts]


def _fits(build: Callable[[Sheet, Sequence[str]], Table], sheet: Sheet, columns: Sequence[str], width: int) -> bool:
    from rich.console import Console

    return Console(width=10_000).measure(build(sheet, columns)).maximum <= width


def _table(sheet: Sheet, leading: int) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(
        box=box.SIMPLE, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold", leading=leading
    )
    table.add_column("", overflow="fold", max_width=max(24, *map(len, sheet.columns)))
    return table


def _beside(sheet: Sheet, columns: Sequence[str]) -> Table:
    """Return ours and, in a column of its own, the published number."""
    from rich.text import Text

    table = _table(sheet, leading=0)
    blocks = []
    for column in columns:
        cells = [sheet.cells[row, column] for row in sheet.rows]
        ours = _Block([list(c.ours) for c in cells], [column, "ours"] if sheet.compares else [column])
        blocks.append(ours)
        table.add_column(ours.head(), no_wrap=True)
        if sheet.compares:
            theirs = _Block([[c.published] if c.published else [] for c in cells], ["", "published"], style="dim")
            blocks.append(theirs)
            table.add_column(theirs.head(), no_wrap=True)
    for number, row in enumerate(sheet.rows):
        table.add_row(Text(f" {row}", style="bold"), *(block.cell(number) for block in blocks))
    return table


def _beneath(sheet: Sheet, columns: Sequence[str]) -> Table:
    """Return ours and, in brackets beneath, the published number."""
    from rich.text import Text

    table = _table(sheet, leading=1 if sheet.compares else 0)
    blocks = []
    for column in columns:
        cells = [sheet.cells[row, column] for row in sheet.rows]
        lines = [[*c.ours, *([_bracketed(c.published)] if c.published else [])] for c in cells]
        blocks.append(_Block(lines, [column, "(published)"] if sheet.compares else [column]))
        table.add_column(blocks[-1].head(), no_wrap=True)
    for number, row in enumerate(sheet.rows):
        table.add_row(Text(f" {row}", style="bold"), *(block.cell(number) for block in blocks))
    return table


def _bracketed(line: Line) -> Line:
    return dataclasses.replace(line, text=f"({line.text})", state="published")


class _Block:
    """One column: numbers end below each other, and the letters of footnotes follow them."""

    def __init__(self, cells: Sequence[Sequence[Line]], head: Sequence[str], style: str = "") -> None:
        self._cells, self._head, self._style = cells, head, style
        lines = [line for cell in cells for line in cell]
        self._width = max(map(len, [*head, *(line.text for line in lines)]))
        self._room = max((len(line.marks) for line in lines), default=0)

    def head(self) -> Text:
        """Return the heading, above the numbers."""
        from rich.text import Text

        first, *others = (f"{word:>{self._width}}" for word in self._head)
        return Text.assemble(first, *((f"\n{word}", "not bold dim") for word in others))

    def cell(self, row: int) -> Text:
        """Return the lines of a row; a dash where the column has none but the table asks for one."""
        from rich.text import Text

        lines = [self._text(line) for line in self._cells[row]]
        empty = "" if self._style else DASH
        return Text("\n").join(lines) if lines else Text(f"{empty:>{self._width}}", style="dim")

    def _text(self, line: Line) -> Text:
        from rich.text import Text

        marks = f" {line.marks:<{self._room}}" if self._room else ""
        return Text.assemble((f"{line.text:>{self._width}}", _STYLES.get(line.state, self._style)), (marks, "dim"))
