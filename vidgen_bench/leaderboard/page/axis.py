"""The axis of a metric: one for all rows of a table, from the floor on the left to held-out real clips on the right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from vidgen_bench.leaderboard.ranking import Ranking, sign_of
from vidgen_bench.records.anchors import REAL

WIDTH = 1000.0
"""Units of a view from one end of an axis to the other."""

_FEWEST = 3
"""The fewest rows that the close view holds, if there are so many."""

_AIR = 0.08
"""Space on both sides of the scores in the close view, relative to their range."""


@dataclass(frozen=True)
class Axis:
    """A linear axis whose right end is the better one."""

    worst: float
    best: float
    ticks: tuple[tuple[str, float], ...]
    """The anchors: name and value."""
    close: tuple[float, float]
    """The part of the axis that holds the best rows, as left end and width in units."""

    def at(self, value: float) -> float:
        """Return the place of a value in units, at most a tenth of the axis beyond its ends."""
        place = WIDTH * (value - self.worst) / (self.best - self.worst)
        return min(max(place, -0.1 * WIDTH), 1.1 * WIDTH)

    def value(self, place: float) -> float:
        """Return the value at a place in units."""
        return self.worst + (self.best - self.worst) * place / WIDTH


def axis_of(ranking: Ranking, metric: str) -> Axis:
    """Return the axis of a metric: it covers the anchors and the score of every seed; intervals may leave it."""
    scores = [s for row in ranking.rows if (e := row.estimates.get(metric)) for s in e.scores]
    anchors = {name: found[metric].mean for name, found in ranking.anchors.scores.items() if metric in found}
    low, high = _range([*scores, *anchors.values()])
    worst, best = (low, high) if sign_of(ranking.metrics[metric]) > 0 else (high, low)
    axis = Axis(worst, best, tuple(sorted(anchors.items(), key=lambda a: a[0] == REAL)), (0.0, WIDTH))
    places = sorted(axis.at(s) for s in _best_scores(ranking, metric, axis)) or [0.0, WIDTH]
    wide = max(places[-1] - places[0], WIDTH / 1000)
    return replace(axis, close=(places[0] - _AIR * wide, (1 + 2 * _AIR) * wide))


def _best_scores(ranking: Ranking, metric: str, axis: Axis) -> list[float]:
    """Return the scores of the rows than which none is clearly better, of at least :data:`_FEWEST` rows; floors do not count."""
    known = [(row, row.estimates[metric]) for row in ranking.rows if metric in row.estimates]
    own = sorted(((r, e) for r, e in known if not e.floored), key=lambda item: -axis.at(item[1].mean))
    best = [e for i, (row, e) in enumerate(own) if i < _FEWEST or row.ranks.get(metric, (2, 2))[0] == 1]
    return [score for estimate in best for score in estimate.scores]


def _range(values: Iterable[float]) -> tuple[float, float]:
    """Return the smallest and the largest value, apart from each other."""
    found = sorted(values) or [0.0, 1.0]
    low, high = found[0], found[-1]
    return (low, high) if high > low else (low - 0.5 * max(abs(low), 1.0), low + 0.5 * max(abs(low), 1.0))
