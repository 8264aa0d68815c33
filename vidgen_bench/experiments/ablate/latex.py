"""The table of a suite as LaTeX, for a paper: booktabs, the published numbers in columns of their own."""

from __future__ import annotations

from vidgen_bench.escaping import latex
from vidgen_bench.experiments.ablate.table import AblationTable, CellLine
from vidgen_bench.leaderboard.render.booktabs import floating_table
from vidgen_bench.leaderboard.render.numbers import DASH


def render_latex(table: AblationTable) -> str:
    """Return a ``table`` environment; it needs the package booktabs."""
    words = ["", " (published)"] if table.compares else [""]
    head = ["", *(latex(f"{column}{word}") for column in table.columns for word in words)]
    notes = [f"{_superscript(letter)}{latex(text)}" for letter, text in table.footnotes]
    caption = ". ".join(text.rstrip(".") for text in (table.title, *table.head)) + "."
    rows = [line for row in table.rows for line in _rows(table, row)]
    return floating_table(caption, "l" + "r" * (len(head) - 1), head, [rows], [*notes, *map(latex, table.sentences)])


def _rows(table: AblationTable, row: str) -> list[list[str]]:
    """Return the lines of a row of the suite: as many as its fullest cell has."""
    cells = [table.cells[row, column] for column in table.columns]
    height = max(1, *(len(cell.ours) for cell in cells))
    lines = []
    for number in range(height):
        line = [latex(row) if number == 0 else ""]
        for cell in cells:
            ours = [_line(shown) for shown in cell.ours] or [latex(DASH)]
            line.append(ours[number] if number < len(ours) else "")
            if table.compares:
                line.append(_line(cell.published) if cell.published and number == 0 else "")
        lines.append(line)
    return lines


def _line(line: CellLine) -> str:
    text = latex(line.text)
    shown = rf"\textit{{{text}}}" if line.state == "published" else text
    return f"{shown}{_superscript(line.marks)}" if line.marks else shown


def _superscript(letters: str) -> str:
    return rf"\textsuperscript{{{letters}}}"
