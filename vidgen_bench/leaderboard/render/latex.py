"""The leaderboard as LaTeX, for a paper: one booktabs table per ranking, with rank intervals and the verdicts as notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from vidgen_bench.escaping import latex
from vidgen_bench.leaderboard.anchors import describe
from vidgen_bench.leaderboard.different_code import different_code
from vidgen_bench.leaderboard.published.lines import PublishedLine
from vidgen_bench.leaderboard.ranking import Ranked, Ranking, family_of
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.booktabs import floating_table
from vidgen_bench.leaderboard.render.choice import EVERYTHING, HEADS, Choice
from vidgen_bench.leaderboard.render.closing import DIFFERENT_CODE, closing
from vidgen_bench.leaderboard.render.json_text import status
from vidgen_bench.leaderboard.render.notes import heading, identity, notes

_RANK = "rank of "
"""Before the name of a metric: the column of its ranks."""

_WORDS = ("spec", "options", "status")
"""The columns that are aligned on the left, as ranks are."""


def render_latex(rankings: Sequence[Ranking], choice: Choice = EVERYTHING) -> str:
    """Return one ``table`` per ranking; it needs the package booktabs. A score is bold only where its rank among several rows is 1."""
    return "\n".join(_table(ranking, choice) for ranking in rankings)


def _table(given: Ranking, choice: Choice) -> str:
    ranking = choice.narrowed(given)
    names = list(_names(ranking, choice.columns_of(given)))
    rows = choice.listed(given)
    families = groupby(rows, lambda place: family_of(place[1], ranking.family))
    parts = [
        [_anchor(ranking, name) for name in ranking.anchors.above],
        *([_row(ranking, position, row, names) for position, row in group] for _, group in families),
        [_anchor(ranking, name) for name in ranking.anchors.below],
        [_published(ranking, line) for line in ranking.published],
    ]
    return floating_table(
        f"{ranking.title}. {identity(ranking)}",
        "".join("l" if name in _WORDS or name.startswith(_RANK) else "r" for name in names),
        [_heading(ranking, name) for name in names],
        [[[row.get(name, "") for name in names] for row in part] for part in parts],
        [latex(note) for note in (*notes(ranking, choice.sort), *closing(ranking))],
    )


def _names(ranking: Ranking, chosen: Sequence[str]) -> Iterator[str]:
    """Yield the columns; after each metric that ranks, one of its ranks, unless the column ``rank`` is chosen and has them."""
    for name in chosen or ("spec", *ranking.metrics, "seeds"):
        yield name
        shown = name == ranking.select and "rank" in chosen
        if name in ranking.metrics and not shown and any(name in row.ranks for row in ranking.rows):
            yield f"{_RANK}{name}"


def _heading(ranking: Ranking, name: str) -> str:
    if name.startswith(_RANK):
        return "rank"
    return latex(heading(ranking, name) if name in ranking.metrics else HEADS.get(name, name))


def _row(ranking: Ranking, position: int, row: Ranked, names: Sequence[str]) -> Mapping[str, str]:
    words = [*["reconstruction"] * row.row.reconstruction, *[DIFFERENT_CODE] * bool(different_code(row.row.records))]
    words += [status(row)] * (status(row) != "finished" and "status" not in names)
    state = f" ({', '.join(words)})" if words else ""
    cells = {
        "rank": row.place(ranking.select),
        "spec": f"{row.spec if 'options' in names else row.label}{state}",
        "options": row.options,
        "status": status(row),
        **numbers.costs(row.row),
        **{f"{_RANK}{metric}": row.place(metric) for metric in ranking.metrics},
    }
    scores = {metric: _score(ranking, position, row, metric) for metric in ranking.metrics}
    return {name: latex(text) for name, text in cells.items()} | scores


def _score(ranking: Ranking, position: int, row: Ranked, metric: str) -> str:
    text = latex(numbers.mean_and_interval(row.estimates.get(metric), numbers.decimals_of(ranking)[metric]))
    text += " (known error)" if metric in row.errata else ""
    compared = metric in ranking.standings and position not in ranking.standings[metric].alone
    return rf"\textbf{{{text}}}" if compared and row.ranks.get(metric) == (1, 1) else text


def _anchor(ranking: Ranking, name: str) -> Mapping[str, str]:
    places, scores = numbers.decimals_of(ranking), ranking.anchors.scores[name]
    shown = {m: latex(numbers.mean_and_spread(scores.get(m), places[m])) for m in ranking.metrics}
    return {"spec": rf"\textit{{{latex(describe(name))}}}", **shown}


def _published(ranking: Ranking, line: PublishedLine) -> Mapping[str, str]:
    places = numbers.decimals_of(ranking)
    shown = {m: latex(numbers.as_published(line.scores.get(m), places[m])) for m in ranking.metrics}
    return {"spec": rf"\textit{{{latex(line.system)}}} (published)", **shown, "status": "published"}
