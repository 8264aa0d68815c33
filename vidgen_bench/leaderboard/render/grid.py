"""The table of a terminal, in one style for all our tables.

Rich lays out every cell several times. Where nothing can wrap and no style is shown, as in a pipe, the same text is only a matter of
joining padded cells, which takes a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from vidgen_bench.leaderboard.render.paragraph import shows_styles

_GAP = "  "
"""Between columns: the padding of the left one, and the empty divider of the box."""


def simple_table(leading: int = 0) -> Table:
    """Return an empty table in the style of all our tables, with ``leading`` blank lines between rows."""
    return Table(
        box=box.SIMPLE, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold", leading=leading
    )


@dataclass(frozen=True)
class _Column:
    header: RenderableType
    justify: Literal["left", "right"]
    style: dict[str, Any]


@dataclass(frozen=True)
class _Row:
    cells: tuple[RenderableType, ...]
    style: str | None
    end_section: bool


class Grid:
    """Columns and rows; printed by rich."""

    def __init__(self) -> None:
        """Make an empty table."""
        self._columns: list[_Column] = []
        self._rows: list[_Row] = []

    def add_column(
        self, header: RenderableType = "", *, justify: Literal["left", "right"] = "left", **style: Any
    ) -> None:
        """Add a column; ``style`` has further arguments of ``rich.table.Table.add_column``."""
        self._columns.append(_Column(_literal(header), justify, style))

    def add_row(self, *cells: RenderableType, style: str | None = None, end_section: bool = False) -> None:
        """Add a row, whose last cells may be missing; a blank line follows if it ends a section."""
        missing = [""] * (len(self._columns) - len(cells))
        self._rows.append(_Row(tuple(map(_literal, (*cells, *missing))), style, end_section))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines if they need no layout, else rich's table."""
        lines = None if shows_styles(console) else self._plain_lines(options.max_width)
        yield self._table() if lines is None else Segment("\n".join([*lines, ""]))

    def _table(self) -> Table:
        table = simple_table()
        for column in self._columns:
            table.add_column(column.header, justify=column.justify, **column.style)
        for row in self._rows:
            table.add_row(*row.cells, style=row.style, end_section=row.end_section)
        return table

    def _plain_lines(self, width: int) -> list[str] | None:
        """Return the lines of the table, or None if rich has to lay it out: too wide, or unusual characters."""
        rows = [_cells_of([c.header for c in self._columns]), *(_cells_of(row.cells) for row in self._rows)]
        if not self._columns or not all(len(row) == len(self._columns) for row in rows):
            return None
        widths = [
            max(
                column.style.get("min_width", 0),
                *(_width(line) for row in rows for line in row[i]),
            )
            for i, column in enumerate(self._columns)
        ]
        total = sum(widths) + len(_GAP) * (len(widths) - 1)
        if total > width or not all(widths):
            return None
        head, *body = [list(self._joined(row, widths, bottom=i == 0)) for i, row in enumerate(rows)]
        lines = [*head, "─" * total]
        for i, (row, shown) in enumerate(zip(self._rows, body, strict=True)):
            lines += shown
            if row.end_section and i < len(body) - 1:
                lines.append(" " * total)
        return lines

    def _joined(self, cells: Sequence[Sequence[str]], widths: Sequence[int], *, bottom: bool) -> Iterator[str]:
        """Yield the lines of a row, its cells aligned at the top or the bottom."""
        height = max(map(len, cells))
        shown = []
        for column, lines, width in zip(self._columns, cells, widths, strict=True):
            blank = [" " * width] * (height - len(lines))
            padded = [_padded(line, width, column.justify) for line in lines]
            shown.append([*blank, *padded] if bottom else [*padded, *blank])
        yield from map(_GAP.join, zip(*shown, strict=True))


def _literal(cell: RenderableType) -> RenderableType:
    """Return a cell in which rich sees neither markup nor emoji codes."""
    return Text(cell) if isinstance(cell, str) else cell


def _cells_of(cells: Sequence[RenderableType]) -> list[list[str]]:
    """Return the lines of each cell; fewer cells than given if one has unusual content."""
    found = []
    for cell in cells:
        if (lines := _lines_of(cell)) is None:
            break
        found.append(lines)
    return found


def _lines_of(cell: RenderableType) -> list[str] | None:
    """Return the lines of a cell, or None if rich might change its text, which has tabs and the like."""
    if isinstance(cell, Padding):
        inner = _lines_of(cell.renderable) if (cell.top, cell.right, cell.bottom) == (0, 0, 0) else None
        return [" " * cell.left + line for line in inner] if inner and any(inner) else None
    lines = cell.plain.split("\n") if isinstance(cell, Text) else None
    return lines if lines and all(line.isprintable() for line in lines) else None


def _width(line: str) -> int:
    return len(line) if line.isascii() else cell_len(line)


def _padded(line: str, width: int, justify: Literal["left", "right"]) -> str:
    if justify == "right":
        line = line.rstrip()
        return " " * (width - _width(line)) + line
    return line + " " * (width - _width(line))
