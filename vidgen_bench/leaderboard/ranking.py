"""Rankings: which rows may stand side by side, their order, and which ranks they can honestly be given.

One ranking holds the records of one track fingerprint, one data fingerprint, one protocol id (instrument, weights, samples,
reference, precision: see :mod:`vidgen_bench.protocol`), and metric and instrument plugins of the same distributions; where the
budget is in device-hours, also of one device model and as many devices. Clips from elsewhere stand among the rows without a rank:
they were measured alike and not trained alike.

Two rows are *tied* where ``|m1 - m2| <= sqrt(s1^2 + s2^2)`` for means m and spreads s of the track's selection metric;
a row without a spread (one value only) is tied with every other. A row's rank is a range: from one more than the number
of rows clearly better, to the number of rows not clearly worse. ``1-2`` says that the order of two rows may be chance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vidgen_bench.leaderboard.anchors import Anchors, anchors_of
from vidgen_bench.leaderboard.collect import Entry, selected
from vidgen_bench.leaderboard.rows import Row, Summary, labels_of, rows_of
from vidgen_bench.records import MetricEntry, Record

MEASURING = ("instrument", "metric")
"""Kinds of the plugins that scores depend on; a data set's is not one: the data fingerprint says what it gave."""

Measuring = tuple[tuple[str, str, str], ...]


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
    """One of the records: all declare the same track, data and protocol."""
    measured_by: Measuring
    """The plugins that measured: only records that were measured by the same ones are compared."""
    device_model: str | None
    """Set where the budget is in device-hours: only runs on this hardware are compared; ``2 x`` stands before two."""
    ranked: bool
    select: str
    metrics: dict[str, MetricEntry]
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
    """Return one ranking for every group of comparable records, by track name."""
    groups: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        groups.setdefault(_comparable(entry.record), []).append(entry)
    found = [_ranking(group) for group in groups.values()]
    return sorted(found, key=lambda r: (r.names, r.record.track.fingerprint, r.device_model or "", r.measured_by))


def _comparable(record: Record) -> tuple[object, ...]:
    return (
        record.track.fingerprint,
        record.data.fingerprint,
        protocol_of(record),
        measured_by(record),
        _device_model(record),
    )


def protocol_of(record: Record) -> str:
    """Return the id of the protocol that a record is ranked under."""
    metric = selected(record)
    return record.metrics[metric].protocol if metric in record.metrics else ""


def measured_by(record: Record) -> Measuring:
    """Return (kind, name, distribution) of each plugin that made the numbers of that protocol what they are."""
    protocol = protocol_of(record)
    names = {name for name, metric in record.metrics.items() if metric.protocol == protocol and not metric.extra}
    if protocol in record.protocols:
        names.add(record.protocols[protocol].instrument)
    chosen = (p for p in record.plugins if p.kind in MEASURING and p.name in names)
    return tuple(sorted((p.kind, p.name, p.distribution) for p in chosen))


def _device_model(record: Record) -> str | None:
    """Return the hardware, and how much of it, where the track's budget is in device-hours."""
    budget = record.track.declared.get("budget")
    if record.external is not None or not isinstance(budget, dict) or budget.get("device_hours") is None:
        return None
    world = record.environment.world
    return f"{world} x {record.measured.hardware}" if world > 1 else record.measured.hardware


def _ranking(given: Sequence[Entry]) -> Ranking:
    entries = _in_columns(given)
    records = [e.record for e in entries]
    first = records[0]
    select = selected(first) or ""
    metrics: dict[str, MetricEntry] = {}
    for name, metric in (item for r in records for item in r.metrics.items()):
        metrics.setdefault(name, metric)
    # a track that says of itself that it ranks nothing is not ranked because a copy of it says otherwise
    ranked = all(r.track.ranked for r in records)
    rows = rows_of(entries)
    return Ranking(
        names=tuple(sorted({r.track.name for r in records})),
        record=first,
        measured_by=measured_by(first),
        device_model=_device_model(first),
        ranked=ranked,
        select=select,
        metrics=metrics,
        rows=_ordered(rows, select, metrics, ranked),
        anchors=anchors_of(records),
    )


def _in_columns(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries with a column for each protocol of a metric: the first keeps the name, another adds the end of its id."""
    first: dict[str, str] = {}
    for entry in entries:
        for name, metric in entry.record.metrics.items():
            first.setdefault(name, metric.protocol)
    return [Entry(e.path, _renamed(e.record, first)) for e in entries]


def _renamed(record: Record, first: Mapping[str, str]) -> Record:
    names = {
        name: name if metric.protocol == first[name] else f"{name} {metric.protocol.rpartition(' ')[2]}"
        for name, metric in record.metrics.items()
    }
    if all(old == new for old, new in names.items()):
        return record
    parts = {
        "metrics": {names[m]: entry for m, entry in record.metrics.items()},
        "scores": {names[m]: score for m, score in record.scores.items()},
        "anchors": {a: {names[m]: s for m, s in scores.items()} for a, scores in record.anchors.items()},
    }
    return record.model_copy(update=parts)


def _ordered(rows: list[Row], select: str, metrics: dict[str, MetricEntry], ranked: bool) -> tuple[Ranked, ...]:
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
