"""``vidgen-bench leaderboard``: rank the runs in record files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.cli.leaderboard_formats import Format, Shown, check_choice, format_of, write

if TYPE_CHECKING:
    from vidgen_bench.leaderboard.collect import Collected
    from vidgen_bench.leaderboard.ranking import Family, Ranking

RUNS = Path("runs")

SHIPPED = Path("leaderboards")
"""Searched too if it exists: the records that are part of a checkout of the project."""


class Within(StrEnum):
    """The rows that are compared with each other, apart from all rows of a table."""

    backbone = "backbone"


def leaderboard(
    runs: Annotated[
        list[Path] | None,
        typer.Option(
            "--runs",
            metavar="DIR",
            help="Folder of runs or of submitted results; repeatable. Default: runs. The folder leaderboards is searched too.",
        ),
    ] = None,
    track: Annotated[str | None, typer.Option("--track", metavar="NAME", help="Show only this track.")] = None,
    within: Annotated[
        Within | None, typer.Option("--within", help="Compare and rank rows only with rows of the same backbone.")
    ] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option("--compare", metavar="A B", help="Compare two rows: difference, interval, p, and seeds needed."),
    ] = None,
    metric: Annotated[
        str | None, typer.Option("--metric", metavar="NAME", help="With --compare: only this metric.")
    ] = None,
    layout: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="json and csv have full precision; html is a page that opens from disk; report says in words what the seeds support. "
            "Default: the one that --output ends with (.html, .md, .tex, .csv, .json), or table.",
            show_default=False,
        ),
    ] = None,
    extra: Annotated[
        bool,
        typer.Option(
            "--extra", help="Also show the metrics computed on the final samples only (json and csv always show them)."
        ),
    ] = False,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="NAMES",
            help="Show these columns in this order: rank, spec, options, metrics, G_t, G, iterations, device-hours, seeds, status; "
            "of a CSV file, those of its header.",
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort", metavar="NAME", help="List rows by a column: best score first, else the smallest. Ranks stay."
        ),
    ] = None,
    target: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write to this file.")] = None,
) -> None:
    """Rank runs: one table per track, with scores, their confidence intervals, and the scores of real clips and noise.

    The records of a table share their track, data and protocol id.

    A rank such as 1-2 means that the seeds do not separate two rows.
    """
    from vidgen_bench.cli.console import complain, write_out
    from vidgen_bench.errors import RequestError
    from vidgen_bench.system.garbage import paused_collection

    layout = layout or (Format.table if compare else format_of(target))
    if metric and not compare:
        raise RequestError(f"--metric {metric} needs --compare A B; a table has a column for every metric.")
    if compare and layout not in (Format.table, Format.json):
        raise RequestError(f"--compare has no --format {layout}; expected table or json.")
    check_choice(columns, sort, layout, compared=compare is not None)
    with paused_collection():
        collected = _collected(runs)
        try:
            wide = extra or compare is not None or layout in (Format.json, Format.csv, Format.report)
            found = _of_track(_rankings(collected, within, wide or bool(columns or sort)), track)
            if compare:
                write_out(_comparison(found, *compare, metric, layout), target)
            elif found or layout is Format.json or not collected.faults:
                shown = Shown.of(found, columns, sort, layout, extra=wide)
                write(shown, collected, layout, target, [*(runs or [RUNS]), SHIPPED])
        finally:
            for fault in collected.faults:
                complain(str(fault))
    if collected.faults:
        raise typer.Exit(2)


def _collected(runs: list[Path] | None) -> Collected:
    """Return the records in these folders; raises ``RequestError`` if one does not exist."""
    from vidgen_bench.errors import RequestError
    from vidgen_bench.leaderboard.collect import collect

    if absent := [str(p) for p in runs or () if not p.exists()]:
        raise RequestError(
            f"--runs {absent[0]}: no such folder. Expected the folder that `vidgen-bench run` wrote to (./{RUNS})."
        )
    roots = runs or [p for p in (RUNS,) if p.exists()]
    submitted = {p.resolve(): p for p in (*roots, SHIPPED) if _holds_submissions(p)}
    return collect([p for p in roots if p.resolve() not in submitted], submitted.values())


def _holds_submissions(folder: Path) -> bool:
    """Return whether a folder holds submitted results, which have other names than the records of runs."""
    from vidgen_bench.leaderboard.submissions.layout import ERRATA

    return folder.is_dir() and (folder.name == SHIPPED.name or (folder / ERRATA).is_file())


def _rankings(collected: Collected, within: Within | None, extra: bool) -> list[Ranking]:
    from vidgen_bench.leaderboard.ranking import rankings

    family: Family = "backbone" if within else "table"
    return rankings(collected.entries, family, collected.errata, collected.withdrawn, extra=extra)


def _of_track(found: list[Ranking], track: str | None) -> list[Ranking]:
    """Return the rankings of a track; raises ``RequestError`` with the nearest name if there is none."""
    from vidgen_bench.errors import RequestError, did_you_mean

    if track is None or not found:
        return found
    names = {name for r in found for name in r.names}
    if track not in names:
        raise RequestError(f"There are no records of a track named {track!r}.{did_you_mean(track, names)}")
    return [r for r in found if track in r.names]


def _comparison(found: list[Ranking], first: str, second: str, metric: str | None, layout: Format) -> str:
    """Return the comparison of two rows; raises ``RequestError`` if no table has both."""
    from vidgen_bench.leaderboard.comparison import comparisons
    from vidgen_bench.leaderboard.render.comparison_text import comparison_values, render_comparisons

    compared = comparisons(found, first, second, metric)
    if layout is Format.json:
        from vidgen_bench.escaping import json_text

        return json_text([comparison_values(c) for c in compared]) + "\n"
    return render_comparisons(compared)
