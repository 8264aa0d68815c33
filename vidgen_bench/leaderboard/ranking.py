"""Rankings: the order of rows that may stand side by side, and which ranks they can honestly be given.

Clips from elsewhere stand among the rows without a rank: they were measured alike and not trained alike.

Two rows are *tied* where ``|m1 - m2| <= sqrt(s1^2 + s2^2)`` for means m and spreads s of the track's selection metric;
a row without a spread (one value only) is tied with every other. A row's rank is a range: from one more than the number
of rows clearly better, to the number of rows not clearly worse. ``1-2`` says that the order of two rows may be chance.
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
    """A row with its place: the best and the worst rank that it may have, or None where it has none."""

    row: Row
    spec: str
    options: str
    rank: tuple[int, int] | None

    @property
    def place(self) -> str:
        """The rank as tables show it: ``3`` or ``1-2``; a dash where there is none."""
        if self.rank is None:
            return "–"
        best, worst = self.rank
        return str(best) if best == worst else f"{best}-{worst}"


@dataclass(frozen=True)
class Ranking:
    """Rows that may be compared, in order, between their anchors."""

    names: tuple[str, ...]
    """Names of the track; more than one where two tracks declare the same."""
    record: Record
    """One of the records, a run's where there is one: all declare the same track, data and protocol."""
    measured_by: Measuring
    """The plugins that measured: only records that were measured by the same ones are compared."""
    device_model: str | None
    """Set where the budget is in device-hours: only runs on this hardware are compared; ``2 x`` stands before two."""
    ranked: bool
    select: str
    metrics: dict[str, Column]
    """By the name of the column."""
    rows: tuple[Ranked, ...]
    anchors: Anchors

    @property
    def name(self) -> str:
        """The track's name."""
        return " = ".join(self.names)

    def plain(self) -> Ranking:
        """Return it without the metrics that are extra."""
        return replace(self, metrics={name: entry for name, entry in self.metrics.items() if not entry.extra})

    @property
    def better(self) -> Literal["higher", "lower", "neither"]:
        """The better direction of the metric that rows are ordered by."""
        return self.metrics[self.select].better if self.select in self.metrics else "higher"


def rankings(entries: Sequence[Entry]) -> list[Ranking]:
    """Return one ranking for every group of comparable records, by track name, the track's own protocol first."""
    return [_ranking(group) for group in comparable(entries)]


def _ranking(given: Sequence[Entry]) -> Ranking:
    first = next((e.record for e in given if e.record.external is None), given[0].record)
    select = selected(first) or ""
    entries, metrics = columns(given, select)
    records = [e.record for e in entries]
    # a track that says of itself that it ranks nothing is not ranked because a copy of it says otherwise
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
    """Return rows from best to worst; those without the metric follow, and those that only diverged come last."""
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
    """Return whether the difference of two means is within their spread; always, where a spread is not known."""
    if a.std is None or b.std is None:
        return True
    return abs(a.mean - b.mean) <= math.hypot(a.std, b.std)
