"""The leaderboard as Markdown, for a README or an issue."""

from __future__ import annotations

from collections.abc import Sequence

from vidgen_bench.escaping import markdown
from vidgen_bench.leaderboard.anchors import describe
from vidgen_bench.leaderboard.different_code import different_code
from vidgen_bench.leaderboard.published.lines import PublishedLine
from vidgen_bench.leaderboard.ranking import Ranked, Ranking
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.closing import DIFFERENT_CODE, closing
from vidgen_bench.leaderboard.render.json_text import status
from vidgen_bench.leaderboard.render.notes import PARAMETERS, heading, identity, notes


def render_markdown(rankings: Sequence[Ranking]) -> str:
    """Return one section per ranking: heading, table and notes."""
    return "\n".join(_section(r) for r in rankings)


def section(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str]) -> str:
    """Return a section: heading, one paragraph per ``head``, a table, and a list of notes; cells and notes are Markdown."""
    lines = [f"### {markdown(title)}", "", *(f"{markdown(line)}\n" for line in head), *table(rows)]
    return "\n".join([*lines, "", *(f"- {note}" for note in notes), ""])


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table from cells that are Markdown; the second row has the alignments."""
    return [f"| {' | '.join(cells)} |" for cells in rows]


def _section(ranking: Ranking) -> str:
    lines = [markdown(note) for note in (*notes(ranking), PARAMETERS, *closing(ranking))]
    return section(ranking.title, [identity(ranking)], ranking_cells(ranking), lines)


def ranking_cells(ranking: Ranking) -> list[list[str]]:
    """Return the cells of a ranking's table: heading, alignments, ceiling, rows, floors, published rows."""
    metrics = [_heading(ranking, m) for m in ranking.metrics]
    head = ["#", "spec", "options", *metrics, "G_t", "G", "iterations", "device-hours", "seeds", "status"]
    aligned = ["--:", ":--", ":--", *("--:" for _ in metrics), "--:", "--:", "--:", "--:", ":--", ":--"]
    rows = [head, aligned, *(_anchor(ranking, a) for a in ranking.anchors.above), *_rows(ranking)]
    rows += [_anchor(ranking, a) for a in ranking.anchors.below]
    return [*rows, *(_published(ranking, line) for line in ranking.published)]


def _heading(ranking: Ranking, metric: str) -> str:
    caveat = ranking.metrics[metric].caveat
    return markdown(f"{heading(ranking, metric)} ({caveat})" if caveat else heading(ranking, metric))


def _rows(ranking: Ranking) -> list[list[str]]:
    places = numbers.decimals_of(ranking)
    return [
        [
            ranked.place(ranking.select),
            markdown(ranked.spec)
            + " (reconstruction)" * ranked.row.reconstruction
            + f" ({DIFFERENT_CODE})" * bool(different_code(ranked.row.records)),
            markdown(ranked.options),
            *(_score(ranking, ranked, m, places[m]) for m in ranking.metrics),
            *numbers.costs(ranked.row).values(),
            status(ranked),
        ]
        for ranked in ranking.rows
    ]


def _score(ranking: Ranking, ranked: Ranked, metric: str, places: int) -> str:
    text = numbers.mean_and_interval(ranked.estimates.get(metric), places)
    if metric in ranked.errata:
        return f"~~{text}~~ (known error)"
    rank = f" (rank {ranked.place(metric)})" if metric in ranked.ranks and metric != ranking.select else ""
    return f"{text}{rank}"


def _anchor(ranking: Ranking, name: str) -> list[str]:
    places, scores = numbers.decimals_of(ranking), ranking.anchors.scores[name]
    shown = [f"*{numbers.mean_and_spread(scores.get(m), places[m])}*" for m in ranking.metrics]
    return ["", f"*{markdown(describe(name))}*", "", *shown, "", "", "", "", "", ""]


def _published(ranking: Ranking, line: PublishedLine) -> list[str]:
    places = numbers.decimals_of(ranking)
    shown = [f"*{numbers.as_published(line.scores.get(m), places[m])}*" for m in ranking.metrics]
    state = "published, known error" if line.errors else "published"
    return ["", f"*{markdown(line.system)}*", "", *shown, "", "", "", "", "", state]
