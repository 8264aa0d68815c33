"""Who beats whom: every pair of ranked rows in one metric, as a square of cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from vidgen_bench.leaderboard.page.svg import Element, element, path, picture, short
from vidgen_bench.leaderboard.ranking import Ranking, sign_of
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.verdicts_text import pair_sentence
from vidgen_bench.leaderboard.statistics.verdicts import Pair, Verdict

WITH_NUMBERS = 12
"""The most rows whose cells have numbers in them."""

WITH_SENTENCES = 30
"""The most rows that are named below the figure, and of which every pair has a sentence."""

_LARGE = 600
"""Width of a matrix without numbers, in pixels."""

_CELL, _LABELS, _HEAD = 54.0, 158.0, 24.0
_LETTERS = 7
"""The most letters of usual size in a cell."""

_KINDS = {
    Verdict.BETTER: "win",
    Verdict.WORSE: "loss",
    Verdict.NOT_SEPARATED: "open",
    Verdict.NOT_TESTABLE: "untested",
}


@dataclass(frozen=True)
class Matrix:
    """The pairs of a table in one metric."""

    title: str
    figure: Element
    labelled: bool
    """Whether its rows have names in it, where the window is wide."""
    names: tuple[str, ...]
    """Its rows from the top; none in a large table."""
    sentences: tuple[str, ...]
    """One per pair; none in a large table."""
    pairs: int
    """All pairs that are compared."""
    separated: int


def matrix(ranking: Ranking, metric: str) -> Matrix | None:
    """Return the matrix of a metric; None if no two rows are compared in it."""
    standing = ranking.standings.get(metric)
    if standing is None or not standing.pairs:
        return None
    tested = {position for p in standing.pairs for position in (p.first, p.second)}
    sign = sign_of(ranking.metrics[metric])
    rows = sorted(tested, key=lambda i: (-sign * ranking.rows[i].estimates[metric].mean, i))
    places, title = numbers.decimals_of(ranking)[metric], ranking.metrics[metric].title
    said: tuple[str, ...] = ()
    if len(rows) <= WITH_SENTENCES:
        said = tuple(pair_sentence(ranking, pair, metric, places) for pair in standing.pairs)
    label = f"{len(standing.separated):,} of {len(standing.pairs):,} pairs of rows are separated by {title}"
    figure = (_with_numbers if len(rows) <= WITH_NUMBERS else _as_squares)(ranking, standing.pairs, rows, places, label)
    names = tuple(ranking.rows[i].label for i in rows) if len(rows) <= WITH_SENTENCES else ()
    return Matrix(title, figure, len(rows) <= WITH_NUMBERS, names, said, len(standing.pairs), len(standing.separated))


def _both_ways(pairs: tuple[Pair, ...]) -> Iterator[Pair]:
    for pair in pairs:
        yield pair
        yield pair.reversed()


def _with_numbers(ranking: Ranking, pairs: tuple[Pair, ...], rows: list[int], places: int, label: str) -> Element:
    """Return cells with the difference of the row at the left from the row above."""
    number = {position: i for i, position in enumerate(rows)}
    parts = []
    for position, i in number.items():
        middle = _HEAD + _CELL * 0.5 * (i + 0.5) + 4
        name = f"{i + 1}  {_cut(ranking.rows[position].label)}"
        parts.append(element("text", name, x=_LABELS - 8, y=middle, text_anchor="end", class_="label"))
        parts.append(element("text", str(i + 1), x=_LABELS - 8, y=middle, text_anchor="end", class_="number"))
        parts.append(element("text", str(i + 1), x=_LABELS + _CELL * (i + 0.5), y=_HEAD - 8, text_anchor="middle"))
    for pair in _both_ways(pairs):
        x, y = _LABELS + _CELL * number[pair.second], _HEAD + _CELL * 0.5 * number[pair.first]
        cell = element("rect", x=x + 0.5, y=y + 0.5, width=_CELL - 1, height=_CELL / 2 - 1)
        shown = numbers.signed(pair.test.difference, places) if pair.test else "–"
        small = "small" if len(shown) > _LETTERS else None
        text = element("text", shown, x=x + _CELL / 2, y=y + _CELL / 4 + 4, text_anchor="middle", class_=small)
        parts.append(element("g", _tooltip(ranking, pair, places), cell, text, class_=_KINDS[pair.verdict]))
    wide = _LABELS + _CELL * len(rows)
    box = (0.0, 0.0, wide, _HEAD + _CELL / 2 * len(rows))
    return picture(label, *parts, box=box, class_="matrix numbered", width=short(wide))


def _tooltip(ranking: Ranking, pair: Pair, places: int) -> Element:
    first, second = (ranking.rows[i].label for i in (pair.first, pair.second))
    if pair.test is None:
        return element("title", f"{first} - {second}: {pair.verdict}")
    d, half, p = pair.test.difference, pair.test.half_width, pair.corrected_p
    low, high = numbers.signed(d - half, places), numbers.signed(d + half, places)
    corrected = "" if p is None else f", corrected p = {p:.2g}"
    return element(
        "title", f"{first} - {second}: {numbers.signed(d, places)} ({low} to {high}){corrected}: {pair.verdict}"
    )


def _as_squares(_: Ranking, pairs: tuple[Pair, ...], rows: list[int], __: int, label: str) -> Element:
    """Return the verdicts alone: equal neighbours in a row are one mark, and *not separated* is the ground."""
    number = {position: i for i, position in enumerate(rows)}
    kinds: list[list[str]] = [["" for _ in rows] for _ in rows]
    for pair in _both_ways(pairs):
        kinds[number[pair.first]][number[pair.second]] = _KINDS[pair.verdict]
    steps: dict[str, list[str]] = {kind: [] for kind in _KINDS.values()}
    for y, line in enumerate(kinds):
        x = 0
        for kind, group in groupby(line):
            wide = len(list(group))
            if kind:
                steps[kind].append(f"M{x} {y}h{wide}v1h-{wide}z")
            x += wide
    size = float(len(rows))
    ground = element("rect", class_="ground", x=0.0, y=0.0, width=size, height=size)
    del steps[_KINDS[Verdict.NOT_SEPARATED]]
    parts = [path(kind, *found) for kind, found in steps.items() if found]
    return picture(label, ground, *parts, box=(0, 0, size, size), class_="matrix", width=str(_LARGE))


def _cut(label: str) -> str:
    return label if len(label) <= 21 else f"{label[:20]}…"
