"""The formats of ``vidgen-bench leaderboard``, and what to show in them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vidgen_bench.leaderboard.collect import Collected
    from vidgen_bench.leaderboard.ranking import Ranking
    from vidgen_bench.leaderboard.render.choice import Choice


class Format(StrEnum):
    """The format of the leaderboard."""

    table = "table"
    json = "json"
    markdown = "markdown"
    csv = "csv"
    latex = "latex"
    html = "html"
    report = "report"


TABLES = (Format.table, Format.markdown, Format.latex, Format.csv)
"""The formats whose columns and order can be chosen."""


def check_choice(columns: str | None, sort: str | None, layout: Format, *, compared: bool) -> None:
    """Refuse a choice of columns or an order where there is no table to which it could apply."""
    from vidgen_bench.errors import RequestError

    for option, given in (("--columns", columns), ("--sort", sort)):
        if given is not None and (compared or layout not in TABLES):
            where = "--compare" if compared else f"--format {layout}"
            raise RequestError(f"{where} has no {option}; expected --format {', '.join(TABLES)}.")


@dataclass(frozen=True)
class Shown:
    """The rankings, and what to show of them."""

    rankings: list[Ranking]
    choice: Choice
    csv_columns: tuple[str, ...] | None = None

    @classmethod
    def of(cls, found: list[Ranking], columns: str | None, sort: str | None, layout: Format, *, extra: bool) -> Shown:
        """Return the rankings with the chosen columns and order; without records there is nothing to choose from."""
        from vidgen_bench.leaderboard.render.choice import EVERYTHING, checked, listed

        if not found or (columns is None and sort is None):
            return cls(found, EVERYTHING)
        if layout is Format.csv:
            from vidgen_bench.leaderboard.render.csv_text import COLUMNS

            chosen = None if columns is None else listed(columns, "--columns", COLUMNS)
            return cls(found, checked(None, sort, found), chosen)
        choice = checked(columns, sort, found)
        return cls(found if extra or columns else [choice.plain(ranking) for ranking in found], choice)


def format_of(target: Path | None) -> Format:
    """Return the format that the name of a file asks for: that of a page for ``board.html``."""
    named = {
        ".html": Format.html,
        ".md": Format.markdown,
        ".tex": Format.latex,
        ".csv": Format.csv,
        ".json": Format.json,
    }
    return named.get(target.suffix.lower(), Format.table) if target else Format.table


def write(shown: Shown, collected: Collected, layout: Format, target: Path | None, searched: list[Path]) -> None:
    """Print the leaderboard or write it to a file; a single line is printed without rich, which is slow to import."""
    from vidgen_bench.cli.console import output, write_out
    from vidgen_bench.escaping import one_line

    if not shown.rankings and layout in (Format.table, Format.markdown, Format.latex, Format.report):
        folders = ", ".join(one_line(str(p)) for p in searched)
        comment = "% " if layout is Format.latex else ""
        write_out(f"{comment}No records in {folders}. Create one with: vidgen-bench run tgan+ode2\n", target)
    elif layout is Format.table and target is None:
        from vidgen_bench.leaderboard.render.terminal import render_terminal

        console = output()
        console.print(render_terminal(shown.rankings, console.width, shown.choice))
    else:
        write_out(_text(shown, collected, layout), target)


def _text(shown: Shown, collected: Collected, layout: Format) -> str:
    found, choice = shown.rankings, shown.choice
    if layout is Format.json:
        from vidgen_bench.leaderboard.render.json_text import render_json

        return render_json(found, [str(f) for f in collected.faults])
    if layout is Format.csv:
        from vidgen_bench.leaderboard.render.csv_text import COLUMNS, render_csv

        return render_csv(found, shown.csv_columns or COLUMNS, choice)
    if layout is Format.markdown:
        from vidgen_bench.leaderboard.render.markdown import render_markdown

        return render_markdown(found, choice)
    if layout is Format.latex:
        from vidgen_bench.leaderboard.render.latex import render_latex

        return render_latex(found, choice)
    if layout is Format.report:
        from vidgen_bench.leaderboard.report.document import render_report

        return render_report(found)
    if layout is Format.html:
        from vidgen_bench.leaderboard.page.document import render_page
        from vidgen_bench.leaderboard.page.model import page_of

        return render_page(page_of(found, collected))
    import io

    from vidgen_bench.cli.console import PLAIN_WIDTH
    from vidgen_bench.cli.literal_console import LiteralConsole
    from vidgen_bench.leaderboard.render.terminal import render_terminal

    stream = io.StringIO()
    LiteralConsole(file=stream, width=PLAIN_WIDTH, highlight=False).print(render_terminal(found, PLAIN_WIDTH, choice))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"
