"""Whether a table's metrics see motion, and which rows have any: scores of the same clips with frames shuffled, and frozen."""

from __future__ import annotations

from collections.abc import Iterator

from vidgen_bench.escaping import markdown
from vidgen_bench.leaderboard.ranking import Ranking
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.markdown import table
from vidgen_bench.records.anchors import REAL

_VIEWS = ("shuffled", "frozen")
"""The suffixes of a metric's name on clips whose frames are in random order, and on clips that repeat one frame."""

_WORDS = (
    "Shuffled: the clips of the first final batch with their frames in random order. Frozen: one frame of each, repeated. A metric that "
    "sees the order of frames gives shuffled real clips a far worse score, and one that sees motion does so for frozen ones. A model "
    "whose score stays the same when its clips are frozen stands still; one whose score stays the same when they are shuffled has frames "
    "whose order means nothing."
)

_DIVERGED = "A diverged seed counts in a score, and not in those of shuffled and frozen clips."


def motion(ranking: Ranking) -> Iterator[str]:
    """Yield the lines of the section; none if the records have no scores of shuffled or frozen clips."""
    shown = [m for m in ranking.metrics if any(f"{m}-{view}" in ranking.metrics for view in _VIEWS)]
    columns = [(m, name) for m in shown for name in (m, *(f"{m}-{v}" for v in _VIEWS)) if name in ranking.metrics]
    if not columns:
        return
    places = numbers.decimals_of(ranking)
    titles = [markdown(ranking.metrics[name].title) for _, name in columns]
    rows = [["spec", *titles], [":--", *("--:" for _ in columns)]]
    if real := ranking.anchors.scores.get(REAL):
        cells = [numbers.alone(real[n].mean, places[m]) if n in real else numbers.DASH for m, n in columns]
        rows.append(["*real clips*", *cells])
    for row in ranking.rows:
        found = row.estimates
        cells = [numbers.alone(found[n].mean, places[m]) if n in found else numbers.DASH for m, n in columns]
        wrong = [name in row.errata for _, name in columns]
        rows.append(
            [markdown(row.label), *(f"~~{c}~~ (known error)" if w else c for c, w in zip(cells, wrong, strict=True))]
        )
    yield from ("## Does the measure see motion?", "", _WORDS, "", *table(rows), "")
    if any(row.diverged for row in ranking.rows):
        yield from (_DIVERGED, "")
