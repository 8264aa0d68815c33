"""Rankings: the order of comparable rows, and the ranks that their spreads support.

External clips are listed among the rows without a rank: they were measured in the same way, but not trained in the same way.

Two rows are *tied* if ``|m1 - m2| <= sqrt(s1^2 + s2^2)`` for means m and spreads s of the track's selection metric;
a row without a spread (a single value) is tied with every other row. A row's rank is a range, from one more than the number
of clearly better rows to the number of rows that are not clearly worse. ``1-2`` means that the order of two rows may be chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vidgen_bench.leaderboard.anchors import Anchors, anchors_of
from vidgen_bench.leaderboard.collect import Entry, selected
from vidgen_bench.leaderboard.columns import Column, columns
from vidgen_bench.leaderboard.comparable import Measuring, comparable, device_model, measured_by
from vidgen_bench.leaderboard.rows import Row, Summary, labels_of, rows_of
from vidgen_bench.records.record import Record


@dataclass(frozen=True)
class Ranked:
    """A row with its label and its rank: the best and the worst possible rank, or None for an unranked row."""

    row: Row
    spec: str
    options: str
    rank: tuple[int, int] | None

    @property
    def place(self) -> str:
        """The rank as a text: ``3`` or ``1-2``, or a dash for None."""
        if self.rank is None:
            return "–"
        best, worst = self.rank
        return str(best) if best == worst else f"{best}-{worst}"


@dataclass(frozen=True)
class Ranking:
    """Comparable rows from best to worst, with their anchors."""

    names: tuple[str, ...]
    """The names of the track; several if tracks with different names have the same declaration."""
    record: Record
    """One of the records, a run's if possible; all records share the track, data and protocol."""
    measured_by: Measuring
    """The plugins that measured all of the records."""
    device_model: str | None
    """The hardware of all runs, if the budget is in device-hours; ``2 x`` precedes the name for two devices."""
    ranked: bool
    select: str
    metrics: dict[str, Column]
    """The metric columns by name."""
    rows: tuple[Ranked, ...]
    anchors: Anchors

    @property
    def name(self) -> str:
        """The name of the track."""
        return " = ".join(self.names)

    def plain(self) -> Ranking:
        """Return the ranking without its extra metrics."""
        return replace(self, metrics={name: entry for name, entry in self.metrics.items() if not entry.extra})

    @property
    def better(self) -> Literal["higher", "lower", "neither"]:
        """The better direction of the metric by which the rows are ordered."""
        return self.metrics[self.select].better if self.select in self.metrics else "higher"


def rankings(entries: Sequence[Entry]) -> list[Ranking]:
    """Return one ranking per group of comparable records, ordered by track name, with the track's own protocol first."""
    return [_ranking(group) for group in comparable(entries)]


def _ranking(given: Sequence[Entry]) -> Ranking:
    first = next((e.record for e in given if e.record.external is None), given[0].record)
    select = selected(first) or ""
    entries, metrics = columns(given, select)
    records = [e.record for e in entries]
    # one copy of a track that declares itself unranked makes the whole ranking unranked
    ranked = all(r.track.ranked for r in records)
    return Ranking(
        names=tuple(sorted({r.track.name for r in records})),
        record=first,
        measured_by=measured_by(first),
        device_model=device_model(first),
        ranked=ranked,
        select=select,
        metrics=metrics,
        rows=_ordered(rows_of(entries), select, metrics, ranked),
        anchors=anchors_of(records),
    )


def _ordered(rows: list[Row], select: str, metrics: dict[str, Column], ranked: bool) -> tuple[Ranked, ...]:
    """Return the rows from best to worst, then those without the metric, then those whose runs all diverged."""
    sign = 1.0 if select in metrics and metrics[select].better == "lower" else -1.0
    named = list(zip(rows, labels_of(rows), strict=True))

    def place(item: tuple[Row, tuple[str, str]]) -> tuple[int, float, tuple[str, str]]:
        row, label = item
        score = row.scores.get(select)
        return (0, sign * score.mean, label) if score else (2 if row.diverged == len(row.entries) else 1, 0.0, label)

    named.sort(key=place)
    scores = [None if row.external else row.scores.get(select) for row, _ in named]
    return tuple(
        Ranked(row, spec, options, _rank(score, [s for s in scores if s], sign) if ranked and score else None)
        for (row, (spec, options)), score in zip(named, scores, strict=True)
    )


def _rank(score: Summary, scores: Sequence[Summary], sign: float) -> tuple[int, int]:
    apart = [s for s in scores if not tied(s, score)]
    better = sum(sign * s.mean < sign * score.mean for s in apart)
    worse = len(apart) - better
    return 1 + better, len(scores) - worse


def tied(a: Summary, b: Summary) -> bool:
    """Return whether two means differ by at most their joint spread; True if a spread is unknown."""
    if a.std is None or b.std is None:
        return True
    return abs(a.mean - b.mean) <= math.hypot(a.std, b.std)
