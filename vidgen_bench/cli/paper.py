"""``vidgen-bench paper``: what the published numbers of Gordon and Parde (2020) support."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from vidgen_bench.cli.console import PLAIN_WIDTH, output, write_out
from vidgen_bench.cli.group import QuickGroup

app = typer.Typer(cls=QuickGroup, rich_markup_mode="rich", no_args_is_help=True)


class ClaimsFormat(StrEnum):
    """The format of the claims."""

    text = "text"
    markdown = "markdown"
    json = "json"


class FigureFormat(StrEnum):
    """The format of the figure."""

    svg = "svg"
    csv = "csv"


_Output = Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write to this file.")]


@app.callback()
def paper() -> None:
    """Examine the published results of Gordon and Parde (2020)."""


@app.command()
def claims(
    layout: Annotated[ClaimsFormat, typer.Option("--format", help="json has full precision.")] = ClaimsFormat.text,
    target: _Output = None,
) -> None:
    """List each claim of the paper, the numbers that it rests on, and what they support.

    A ± in the paper is the spread of ten batches of one checkpoint: it can separate two checkpoints, but not two methods.
    """
    from vidgen_bench.leaderboard.published import claims_text
    from vidgen_bench.leaderboard.published.claims import load_claims, supports

    paper = load_claims()
    found = supports(paper)
    if layout is ClaimsFormat.json:
        from vidgen_bench.escaping import json_text

        write_out(json_text(claims_text.as_values(paper, found)) + "\n", target)
    elif layout is ClaimsFormat.markdown:
        write_out(claims_text.render_markdown(paper, found), target)
    else:
        write_out(claims_text.render_text(paper, found, output().width if target is None else PLAIN_WIDTH), target)


@app.command("figure-3")
def figure_3(
    layout: Annotated[FigureFormat, typer.Option("--format", help="csv has the numbers.")] = FigureFormat.svg,
    target: _Output = None,
) -> None:
    """Draw the paper's Figure 3, the Inception Score during training, from the authors' logs."""
    from vidgen_bench.leaderboard.published import figure_3

    found = figure_3.traces()
    write_out(figure_3.render_csv(found) if layout is FigureFormat.csv else figure_3.render_svg(found), target)
