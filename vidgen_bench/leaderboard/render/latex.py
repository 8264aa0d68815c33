"""The leaderboard as LaTeX, for a paper: one booktabs table per ranking, with rank intervals and the verdicts as notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vidgen_bench.escaping import latex
from vidgen_bench.leaderboard.anchors import describe
from vidgen_bench.leaderboard.different_code import different_code
from vidgen_bench.leaderboard.published.lines import PublishedLine
from vidgen_bench.leaderboard.ranking import Ranked, Ranking, family_of
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.closing import DIFFERENT_CODE, closing
from vidgen_bench.leaderboard.render.json_text import status
from vidgen_bench.leaderboard.render.notes import heading, identity, notes


def render_latex(rankings: Sequence[Ranking]) -> str:
    """Return one ``table`` per ranking; it needs the package booktabs. A score is bold only where its rank among several rows is 1."""
    return "\n".join(_table(ranking) for ranking in rankings)


def _table(ranking: Ranking) -> str:
    ranked = [m for m in ranking.metrics if any(m in row.ranks for row in ranking.rows)]
    columns = "l" + "".join("rl" if m in ranked else "r" for m in ranking.metrics) + "r"
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{latex(ranking.title)}. {latex(identity(ranking))}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        _line(_headings(ranking, ranked)),
        r"\midrule",
        *(_anchor(ranking, name, ranked) for name in ranking.anchors.above),
        *([r"\midrule"] if ranking.anchors.above else []),
        *_rows(ranking, ranked),
        *([r"\midrule"] if ranking.anchors.below else []),
        *(_anchor(ranking, name, ranked) for name in ranking.anchors.below),
        *([r"\midrule"] if ranking.published else []),
        *(_published(ranking, line, ranked) for line in ranking.published),
        r"\bottomrule",
        r"\end{tabular}",
        *(rf"\par\footnotesize {latex(note)}" for note in (*notes(ranking), *closing(ranking))),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _headings(ranking: Ranking, ranked: Sequence[str]) -> list[str]:
    cells = ["spec"]
    for metric in ranking.metrics:
        cells += [latex(heading(ranking, metric)), *(["rank"] if metric in ranked else [])]
    return [*cells, "seeds"]


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _rows(ranking: Ranking, ranked: Sequence[str]) -> Iterator[str]:
    """Yield the rows, with a rule between families: each has ranks of its own."""
    family = None
    for position, row in enumerate(ranking.rows):
        if family not in (None, family_of(row, ranking.family)):
            yield r"\midrule"
        family = family_of(row, ranking.family)
        yield _row(ranking, position, row, ranked)


def _row(ranking: Ranking, position: int, row: Ranked, ranked: Sequence[str]) -> str:
    places = numbers.decimals_of(ranking)
    words = [*["reconstruction"] * row.row.reconstruction, *[DIFFERENT_CODE] * bool(different_code(row.row.records))]
    words += [*[status(row)] * (status(row) != "finished")]
    state = f" ({', '.join(words)})" if words else ""
    cells = [latex(f"{row.label}{state}")]
    for metric in ranking.metrics:
        text = latex(numbers.mean_and_interval(row.estimates.get(metric), places[metric]))
        text += " (known error)" if metric in row.errata else ""
        compared = metric in ranking.standings and position not in ranking.standings[metric].alone
        cells.append(rf"\textbf{{{text}}}" if compared and row.ranks.get(metric) == (1, 1) else text)
        cells += [latex(row.place(metric))] if metric in ranked else []
    return _line([*cells, latex(numbers.costs(row.row)["seeds"])])


def _anchor(ranking: Ranking, name: str, ranked: Sequence[str]) -> str:
    places, scores = numbers.decimals_of(ranking), ranking.anchors.scores[name]
    cells = [rf"\textit{{{latex(describe(name))}}}"]
    for metric in ranking.metrics:
        cells.append(latex(numbers.mean_and_spread(scores.get(metric), places[metric])))
        cells += [""] if metric in ranked else []
    return _line([*cells, ""])


def _published(ranking: Ranking, line: PublishedLine, ranked: Sequence[str]) -> str:
    places = numbers.decimals_of(ranking)
    cells = [rf"\textit{{{latex(line.system)}}} (published)"]
    for metric in ranking.metrics:
        cells.append(latex(numbers.as_published(line.scores.get(metric), places[metric])))
        cells += [""] if metric in ranked else []
    return _line([*cells, ""])
