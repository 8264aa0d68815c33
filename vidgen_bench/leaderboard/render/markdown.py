"""The leaderboard as Markdown, for a README or an issue."""

from __future__ import annotations

from collections.abc import Sequence

from vidgen_bench.escaping import markdown
from vidgen_bench.leaderboard.anchors import describe
from vidgen_bench.leaderboard.different_code import different_code
from vidgen_bench.leaderboard.published.lines import PublishedLine
from vidgen_bench.leaderboard.ranking import Ranked, Ranking
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.choice import EVERYTHING, FIXED, HEADS, Choice
from vidgen_bench.leaderboard.render.closing import DIFFERENT_CODE, closing
from vidgen_bench.leaderboard.render.json_text import status
from vidgen_bench.leaderboard.render.notes import PARAMETERS, heading, identity, notes


def render_markdown(rankings: Sequence[Ranking], choice: Choice = EVERYTHING) -> str:
    """Return one section per ranking: heading, table and notes."""
    return "\n".join(_section(r, choice) for r in rankings)


def section(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str]) -> str:
    """Return a section: heading, one paragraph per ``head``, a table, and a list of notes; cells and notes are Markdown."""
    lines = [f"### {markdown(title)}", "", *(f"{markdown(line)}\n" for line in head), *table(rows)]
    return "\n".join([*lines, "", *(f"- {note}" for note in notes), ""])


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table from cells that are Markdown; the second row has the alignments."""
    return [f"| {' | '.join(cells)} |" for cells in rows]


def _section(given: Ranking, choice: Choice) -> str:
    ranking = choice.narrowed(given)
    lines = [markdown(note) for note in (*notes(ranking, choice.sort), *below(choice), *closing(ranking))]
    return section(ranking.title, [identity(ranking)], ranking_cells(given, choice), lines)


def ranking_cells(given: Ranking, choice: Choice = EVERYTHING) -> list[list[str]]:
    """Return the cells of a ranking's table: heading, alignments, ceiling, rows, floors, published rows."""
    ranking = choice.narrowed(given)
    names = choice.columns_of(given) or [*FIXED[:3], *ranking.metrics, *FIXED[3:]]
    head = {name: _heading(ranking, name) if name in ranking.metrics else HEADS.get(name, name) for name in names}
    rows = [head, {name: ":--" if name in _WORDS else "--:" for name in names}]
    rows += [_anchor(ranking, a) for a in ranking.anchors.above]
    rows += [_row(ranking, row) for _, row in choice.listed(given)]
    rows += [_anchor(ranking, a) for a in ranking.anchors.below]
    rows += [_published(ranking, line) for line in ranking.published]
    return [[row.get(name, "") for name in names] for row in rows]


_WORDS = ("spec", "options", "seeds", "status")
"""The columns that are aligned on the left."""


def below(choice: Choice) -> list[str]:
    """Return the sentence on the columns G_t and G, if the table has one of them."""
    return [PARAMETERS] if not choice.columns or {"G_t", "G"} & set(choice.columns) else []


def _heading(ranking: Ranking, metric: str) -> str:
    caveat = ranking.metrics[metric].caveat
    return markdown(f"{heading(ranking, metric)} ({caveat})" if caveat else heading(ranking, metric))


def _row(ranking: Ranking, ranked: Ranked) -> dict[str, str]:
    places = numbers.decimals_of(ranking)
    return {
        "rank": ranked.place(ranking.select),
        "spec": markdown(ranked.spec)
        + " (reconstruction)" * ranked.row.reconstruction
        + f" ({DIFFERENT_CODE})" * bool(different_code(ranked.row.records)),
        "options": markdown(ranked.options),
        **{m: _score(ranking, ranked, m, places[m]) for m in ranking.metrics},
        **numbers.costs(ranked.row),
        "status": status(ranked),
    }


def _score(ranking: Ranking, ranked: Ranked, metric: str, places: int) -> str:
    text = numbers.mean_and_interval(ranked.estimates.get(metric), places)
    if metric in ranked.errata:
        return f"~~{text}~~ (known error)"
    rank = f" (rank {ranked.place(metric)})" if metric in ranked.ranks and metric != ranking.select else ""
    return f"{text}{rank}"


def _anchor(ranking: Ranking, name: str) -> dict[str, str]:
    places, scores = numbers.decimals_of(ranking), ranking.anchors.scores[name]
    shown = {m: f"*{numbers.mean_and_spread(scores.get(m), places[m])}*" for m in ranking.metrics}
    return {"spec": f"*{markdown(describe(name))}*", **shown}


def _published(ranking: Ranking, line: PublishedLine) -> dict[str, str]:
    places = numbers.decimals_of(ranking)
    shown = {m: f"*{numbers.as_published(line.scores.get(m), places[m])}*" for m in ranking.metrics}
    state = "published, known error" if line.errors else "published"
    return {"spec": f"*{markdown(line.system)}*", **shown, "status": state}
