"""The table of a suite as Markdown, for a README."""

from __future__ import annotations

from vidgen_bench.escaping import markdown
from vidgen_bench.experiments.ablate.table import AblationTable, CellLine
from vidgen_bench.leaderboard.render.markdown import section
from vidgen_bench.leaderboard.render.numbers import DASH


def render_markdown(table: AblationTable) -> str:
    """Return a section: heading, table, footnotes and sentences."""
    words = ["", " published"] if table.compares else [""]
    columns = [f"{markdown(column)}{word}" for column in table.columns for word in words]
    rows = [["", *columns], [":--", *("--:" for _ in columns)]]
    for row in table.rows:
        cells = []
        for column in table.columns:
            cell = table.cells[row, column]
            cells.append("<br>".join(map(_line, cell.ours)) or DASH)
            cells += [_line(cell.published) if cell.published else ""] if table.compares else []
        rows.append([markdown(row), *cells])
    footnotes = [f"<sup>{letter}</sup> {markdown(text)}" for letter, text in table.footnotes]
    return section(table.title, table.head, rows, [*footnotes, *map(markdown, table.sentences)])


def _line(line: CellLine) -> str:
    return f"{line.text}<sup>{line.marks}</sup>" if line.marks else line.text
