"""The leaderboard as Markdown, for a README or an issue."""

from __future__ import annotations

from collections.abc import Sequence

from vidgen_bench.leaderboard.anchors import describe
from vidgen_bench.leaderboard.ranking import Ranking
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.json_text import status
from vidgen_bench.leaderboard.render.notes import heading, identity, notes
from vidgen_bench.leaderboard.rows import Row


def as_markdown(rankings: Sequence[Ranking]) -> str:
    """Return one heading, table and list of notes a ranking."""
    return "\n".join(_section(r) for r in rankings)


def _section(ranking: Ranking) -> str:
    metrics = [_heading(ranking, m) for m in ranking.metrics]
    head = ["#", "spec", "options", *metrics, "G_t", "G", "iterations", "device-hours", "seeds", "status"]
    aligned = ["--:", ":--", ":--", *("--:" for _ in metrics), "--:", "--:", "--:", "--:", ":--", ":--"]
    body = [head, aligned, *(_anchor(ranking, a) for a in ranking.anchors.above), *_rows(ranking)]
    body += [_anchor(ranking, a) for a in ranking.anchors.below]
    lines = [f"### {safe(ranking.name)}", "", safe(identity(ranking)), ""]
    lines += [f"| {' | '.join(cells)} |" for cells in body]
    return "\n".join([*lines, "", *(f"- {safe(note)}" for note in notes(ranking)), ""])


def _heading(ranking: Ranking, metric: str) -> str:
    caveat = ranking.metrics[metric].caveat
    return f"{heading(ranking, metric)} ({caveat})" if caveat else heading(ranking, metric)


def _places(ranking: Ranking) -> dict[str, int]:
    return {m: numbers.decimals(r.row.scores[m] for r in ranking.rows if m in r.row.scores) for m in ranking.metrics}


def _rows(ranking: Ranking) -> list[list[str]]:
    places = _places(ranking)
    rows = []
    for ranked in ranking.rows:
        row, first = ranked.row, ranked.row.records[0]
        rows.append([
            ranked.place,
            safe(ranked.spec),
            safe(ranked.options),
            *(numbers.mean_and_spread(row.scores.get(m), places[m]) for m in ranking.metrics),
            numbers.count(first.parameters.temporal),
            numbers.count(first.parameters.parts.get("generator")),
            *_trained(row),
            status(ranked),
        ])  # fmt: skip
    return rows


def _trained(row: Row) -> list[str]:
    """Return iterations, device-hours and seeds; of clips from elsewhere they are not known."""
    if row.external:
        return [numbers.DASH] * 3
    iterations = numbers.span([r.spent.iterations for r in row.records])
    return [iterations, numbers.hours([r.measured.device_hours for r in row.records]), numbers.seeds(row.seeds)]


def _anchor(ranking: Ranking, name: str) -> list[str]:
    places, scores = _places(ranking), ranking.anchors.scores[name]
    shown = [f"*{numbers.mean_and_spread(scores.get(m), places[m])}*" for m in ranking.metrics]
    return ["", f"*{safe(describe(name))}*", "", *shown, "", "", "", "", "", ""]


def safe(text: str) -> str:
    """Escape what Markdown would read as a table cell, emphasis or HTML."""
    for mark in ("\\", "|", "*", "_", "<", "`"):
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
