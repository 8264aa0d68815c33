"""Columns: which scores of one metric are comparable and share a column.

A column holds the scores of one protocol id, from metric and instrument plugins of the same distributions. Other scores of the
metric have their own column, named with the end of the protocol id or the distribution: ``fvd #0123456789ab``, ``kid (evil-kid)``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.comparable import Measuring, owners
from vidgen_bench.records.distribution_name import OURS
from vidgen_bench.records.record import Record

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True)
class Source:
    """The protocol and plugins that all scores of a column share."""

    protocol: str
    measured_by: Measuring
    """The plugins of the metric and of its instrument."""

    @property
    def others(self) -> Measuring:
        """The plugins that do not come with vidgen-bench."""
        return tuple(p for p in self.measured_by if p[2] != OURS)


@dataclass(frozen=True)
class Column:
    """A metric column of a table, described as in most of its records."""

    title: str
    better: Literal["higher", "lower", "neither"]
    extra: bool
    caveat: str
    source: Source
    disputed: tuple[str, ...] = ()
    """The files of the records that contradict the better direction."""


def columns(entries: Sequence[Entry], select: str) -> tuple[list[Entry], dict[str, Column]]:
    """Return the entries with their metrics renamed to column names, and the columns by name.

    Rows are ordered by ``select``; its column under the protocol that all entries share keeps the plain name.
    """
    known = _Sources()
    sources: dict[str, dict[Source, list[list[Entry]]]] = {}
    for alike in known.grouped(entries):
        for metric, source in known.of(alike[0]).items():
            sources.setdefault(metric, {}).setdefault(source, []).append(alike)
    own = entries[0].record.metrics[select].protocol if select in entries[0].record.metrics else ""
    names = {metric: dict(_named(metric, found, own)) for metric, found in sources.items()}
    made = {name: _column(m, s, sources[m][s]) for m, of in names.items() for s, name in of.items()}
    if all(name == metric for metric, of in names.items() for name in of.values()):
        return list(entries), made
    return [_renamed(entry, names, known) for entry in entries], made


def source_of(record: Record, metric: str) -> Source:
    """Return the source of a metric's scores in a record; scores with the same source share a column."""
    protocol = record.metrics[metric].protocol
    return Source(protocol, owners(record, {metric}, protocol))


def _named(metric: str, found: Mapping[Source, Sequence[Sequence[Entry]]], own: str) -> Iterator[tuple[Source, str]]:
    """Yield each column of a metric with its name; only the first, in order of protocol, plugins and record count, has the plain name."""
    order = {s: (s.protocol != own, s.others, -sum(map(len, found[s])), s.protocol, s.measured_by) for s in found}
    first, *others = sorted(found, key=order.__getitem__)
    yield first, metric
    taken = {metric}
    for source in others:
        apart = [] if source.protocol == first.protocol else [source.protocol.rpartition(" ")[2]]
        name = " ".join([metric, *apart, *_by(source, first)])
        if name in taken:  # two instrument names with the same hash
            name = " ".join([metric, source.protocol, *_by(source, first)])
        taken.add(name)
        yield source, name


def _by(source: Source, first: Source) -> list[str]:
    """Return the suffix that names a column's distributions, if they differ from those of the first column."""
    theirs, seen = ({kind: owner for kind, _, owner in s.measured_by} for s in (source, first))
    differing = [theirs["metric"]] if theirs.get("metric") != seen.get("metric") and "metric" in theirs else []
    if theirs.get("instrument") != seen.get("instrument") and "instrument" in theirs:
        differing.append(f"instrument of {theirs['instrument']}")
    return [f"({', '.join(differing)})"] if differing else []


def _column(metric: str, source: Source, groups: Sequence[Sequence[Entry]]) -> Column:
    described = [(group[0].record.metrics[metric], len(group)) for group in groups]
    better = _most((m.better, n) for m, n in described)
    disputed = [str(e.path) for group in groups if group[0].record.metrics[metric].better != better for e in group]
    return Column(
        title=_most((m.title, n) for m, n in described),
        better=better,
        extra=_most((m.extra, n) for m, n in described),
        caveat=_most((m.caveat, n) for m, n in described),
        source=source,
        disputed=tuple(sorted(disputed)),
    )


def _most(values: Iterable[tuple[T, int]]) -> T:
    """Return the most frequent of values, each with a frequency; ties go to the alphabetically first, so file names do not matter."""
    counted = Counter[T]()
    for value, times in values:
        counted[value] += times
    return min(counted, key=lambda value: (-counted[value], str(value)))


class _Sources:
    """The sources of the metrics of records, found once for those that share what a source depends on."""

    def __init__(self) -> None:
        self._known: dict[int, dict[str, Source]] = {}

    def of(self, entry: Entry) -> Mapping[str, Source]:
        """Return :func:`source_of` each metric; the entries must be alive as long as this."""
        key = id(entry.shared)
        if key not in self._known:
            self._known[key] = {metric: source_of(entry.record, metric) for metric in entry.record.metrics}
        return self._known[key]

    def grouped(self, entries: Iterable[Entry]) -> Iterable[list[Entry]]:
        """Return the entries in groups that describe their metrics in the same way."""
        groups: dict[int, list[Entry]] = {}
        for entry in entries:
            groups.setdefault(id(entry.shared), []).append(entry)
        return groups.values()


def _renamed(entry: Entry, names: Mapping[str, Mapping[Source, str]], known: _Sources) -> Entry:
    record = entry.record
    here = {metric: names[metric][source] for metric, source in known.of(entry).items()}
    parts = {
        "metrics": {here[m]: entry for m, entry in record.metrics.items()},
        "scores": {here[m]: score for m, score in record.scores.items()},
        "anchors": {a: {here[m]: s for m, s in scores.items()} for a, scores in record.anchors.items()},
    }
    return replace(entry, record=record.model_copy(update=parts))
