"""Cells of a terminal table: the heading of a metric, the label of a row, and a score with its rank."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from vidgen_bench.escaping import one_line
from vidgen_bench.leaderboard.different_code import different_code
from vidgen_bench.leaderboard.ranking import Ranked, Ranking
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.closing import DIFFERENT_CODE
from vidgen_bench.leaderboard.render.notes import heading


def title(ranking: Ranking, metric: str) -> Text:
    """Return the heading of a metric, with its caveat below it."""
    text = Text(heading(ranking, metric))
    if caveat := ranking.metrics[metric].caveat:
        text.append(f"\n{one_line(caveat)}", style="not bold dim")
    return text


def label(ranked: Ranked, apart: Sequence[str] = ()) -> Text:
    """Return the spec of a row; below it the options and the state, unless these columns are ``apart``."""
    row = ranked.row
    name = Text(one_line(ranked.spec), style="bold")
    if ranked.options and "options" not in apart:
        name.append(f"\n{one_line(ranked.options)}", style="not bold dim")
    if row.reconstruction:
        name.append("\nreconstruction", style="not bold dim")
    if different_code(row.records):
        name.append(f"\n{DIFFERENT_CODE}", style="not bold red")
    if row.external and "status" not in apart:
        name.append("\nexternal", style="not bold dim")
    if 0 < row.diverged < len(row.entries) and "status" not in apart:
        name.append(f"\n{row.diverged} of {len(row.entries)} diverged", style="not bold red")
    return name


def score(ranking: Ranking, ranked: Ranked, metric: str, places: int) -> Text:
    """Return a score, with the rank in this metric below it unless it is the metric that orders the rows."""
    wrong = metric in ranked.errata
    text = Text(numbers.mean_and_interval(ranked.estimates.get(metric), places), style="strike" if wrong else "")
    if wrong:
        text.append("\nknown error", style="not strike red")
    if metric in ranked.ranks and metric != ranking.select:
        text.append(f"\nrank {ranked.place(metric)}", style="dim")
    return text
