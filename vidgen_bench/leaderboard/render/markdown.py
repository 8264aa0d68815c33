"""The leaderboard as Markdown, for a README or an issue."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vidgen_bench.leaderboard.anchors import describe
from vidgen_bench.leaderboard.published.lines import PublishedLine
from vidgen_bench.leaderboard.ranking import Ranked, Ranking
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.json_text import status
from vidgen_bench.leaderboard.render.notes import heading, identity, notes
from vidgen_bench.leaderboard.submissions.findings import one_line


def render_markdown(rankings: Sequence[Ranking]) -> str:
    """Return one section per ranking: heading, table and notes."""
    return "\n".join(_section(r) for r in rankings)


def section(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str]) -> str:
    """Return a section: heading, one paragraph per ``head``, a table, and a list of notes; cells and notes are Markdown."""
    lines = [f"### {escape(title)}", "", *(f"{escape(line)}\n" for line in head)]
    lines += [f"| {' | '.join(cells)} |" for cells in rows]
    return "\n".join([*lines, "", *(f"- {note}" for note in notes), ""])


def _section(ranking: Ranking) -> str:
    metrics = [_heading(ranking, m) for m in ranking.metrics]
    head = ["#", "spec", "options", *metrics, "G_t", "G", "iterations", "device-hours", "seeds", "status"]
    aligned = ["--:", ":--", ":--", *("--:" for _ in metrics), "--:", "--:", "--:", "--:", ":--", ":--"]
    rows = [head, aligned, *(_anchor(ranking, a) for a in ranking.anchors.above), *_rows(ranking)]
    rows += [_anchor(ranking, a) for a in ranking.anchors.below]
    rows += [_published(ranking, line) for line in ranking.published]
    return section(ranking.name, [identity(ranking)], rows, [escape(note) for note in notes(ranking)])


def _heading(ranking: Ranking, metric: str) -> str:
    caveat = ranking.metrics[metric].caveat
    return escape(f"{heading(ranking, metric)} ({caveat})" if caveat else heading(ranking, metric))


def _rows(ranking: Ranking) -> list[list[str]]:
    places = numbers.decimals_of(ranking)
    return [
        [
            ranked.place(ranking.select),
            escape(ranked.spec),
            escape(ranked.options),
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
    return ["", f"*{escape(describe(name))}*", "", *shown, "", "", "", "", "", ""]


def _published(ranking: Ranking, line: PublishedLine) -> list[str]:
    places = numbers.decimals_of(ranking)
    shown = [f"*{numbers.mean_and_spread(line.scores.get(m), places[m])}*" for m in ranking.metrics]
    state = "published, known error" if line.errors else "published"
    return ["", f"*{escape(line.system)}*", "", *shown, "", "", "", "", "", state]


_TABLE = "\\|*_<`["
"""What is a mark in a cell of a table or in one of the sentences below it, all of which begin with our words or a spec."""

_ANYWHERE = _TABLE + "]!&~#>"
"""What is a mark anywhere in Markdown, or the start of a heading or quotation."""

_REFERENCE = re.compile(r"([@#]|\bGH-)(?=\w)", re.IGNORECASE)
"""What begins a mention or an issue's number on GitHub, which searches the page after backslashes and entities are gone."""


def escape(text: str, marks: str = _TABLE) -> str:
    """Return a text with the marks of Markdown tables, emphasis, links and HTML escaped, and without mentions on GitHub.

    A mention is broken by a zero-width space, spelt ``&#8203;`` so that a reader of the source sees it; a backslash has no effect.
    """
    text = one_line(text)
    for mark in marks:
        text = text.replace(mark, f"\\{mark}")
    return _REFERENCE.sub(r"\1&#8203;", " ".join(text.split()))


def escape_all(text: str) -> str:
    """Return a text of somebody else with every mark of Markdown escaped."""
    return escape(text, _ANYWHERE)


def code(text: str) -> str:
    """Return a text as a code span; a backtick, which would end it, becomes an apostrophe."""
    return f"`{one_line(text).replace('`', chr(39)) or ' '}`"
