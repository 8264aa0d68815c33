"""Columns: which numbers of one metric may stand one below another.

Those of one protocol id, by a metric and an instrument of the same distributions. What differs in that is another column, whose
name has the end of the id, or the distribution, behind the metric's: ``fvd #0123456789ab``, ``kid (evil-kid)``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.comparable import Measuring, owners
from vidgen_bench.records.entries import MetricEntry
from vidgen_bench.records.record import Record

OURS = "vidgen-bench"
"""The distribution whose plugins measure where nothing else is said."""

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True)
class Source:
    """What all numbers of a column share beside the metric's name."""

    protocol: str
    measured_by: Measuring
    """The metric and its instrument."""

    @property
    def others(self) -> Measuring:
        """The plugins that are not the harness's own."""
        return tuple(p for p in self.measured_by if p[2] != OURS)


@dataclass(frozen=True)
class Column:
    """A metric as a table shows it, described as most of its records do."""

    title: str
    better: Literal["higher", "lower", "neither"]
    extra: bool
    caveat: str
    source: Source
    disputed: tuple[str, ...] = ()
    """The files of the records that say otherwise of the better direction."""

    @property
    def protocol(self) -> str:
        """The id of its protocol."""
        return self.source.protocol


def columns(entries: Sequence[Entry], select: str) -> tuple[list[Entry], dict[str, Column]]:
    """Return the entries with their metrics named by column, and the columns by name.

    The plain name of the metric ``select``, that rows are ordered by, is that of the entries' own protocol, which all of them share.
    """
    sources: dict[str, dict[Source, list[Entry]]] = {}
    for entry in entries:
        for metric in entry.record.metrics:
            sources.setdefault(metric, {}).setdefault(source_of(entry.record, metric), []).append(entry)
    own = entries[0].record.metrics[select].protocol if select in entries[0].record.metrics else ""
    names = {metric: dict(_named(metric, found, own)) for metric, found in sources.items()}
    made = {name: _column(m, s, sources[m][s]) for m, of in names.items() for s, name in of.items()}
    return [Entry(e.path, _renamed(e.record, names)) for e in entries], made


def source_of(record: Record, metric: str) -> Source:
    """Return what the numbers of a metric in a record share with others of their column."""
    protocol = record.metrics[metric].protocol
    return Source(protocol, owners(record, {metric}, protocol))


def _named(metric: str, found: Mapping[Source, Sequence[Entry]], own: str) -> Iterator[tuple[Source, str]]:
    """Yield the name of each column of a metric; the plain one is of the table's own protocol, our plugins, the most records."""
    first, *others = sorted(
        found, key=lambda s: (s.protocol != own, s.others, -len(found[s]), s.protocol, s.measured_by)
    )
    yield first, metric
    taken = {metric}
    for source in others:
        apart = [] if source.protocol == first.protocol else [source.protocol.rpartition(" ")[2]]
        name = " ".join([metric, *apart, *_by(source, first)])
        if name in taken:  # one hash under two names of an instrument
            name = " ".join([metric, source.protocol, *_by(source, first)])
        taken.add(name)
        yield source, name


def _by(source: Source, first: Source) -> list[str]:
    """Return who measured, where others did than in the first column."""
    theirs, seen = dict(_distributions(source)), dict(_distributions(first))
    said = [theirs["metric"]] if theirs.get("metric") != seen.get("metric") and "metric" in theirs else []
    if theirs.get("instrument") != seen.get("instrument") and "instrument" in theirs:
        said.append(f"instrument of {theirs['instrument']}")
    return [f"({', '.join(said)})"] if said else []


def _distributions(source: Source) -> Iterator[tuple[str, str]]:
    return ((kind, distribution) for kind, _, distribution in source.measured_by)


def _column(metric: str, source: Source, entries: Sequence[Entry]) -> Column:
    said: list[MetricEntry] = [e.record.metrics[metric] for e in entries]
    better = _most([m.better for m in said])
    return Column(
        title=_most([m.title for m in said]),
        better=better,
        extra=_most([m.extra for m in said]),
        caveat=_most([m.caveat for m in said]),
        source=source,
        disputed=tuple(str(e.path) for e in entries if e.record.metrics[metric].better != better),
    )


def _most(values: Sequence[T]) -> T:
    """Return what most say; of those that as many say, the first by the alphabet, so that no file's name decides."""
    counted = Counter(values)
    return min(counted, key=lambda value: (-counted[value], str(value)))


def _renamed(record: Record, names: Mapping[str, Mapping[Source, str]]) -> Record:
    here = {metric: names[metric][source_of(record, metric)] for metric in record.metrics}
    if all(metric == name for metric, name in here.items()):
        return record
    parts = {
        "metrics": {here[m]: entry for m, entry in record.metrics.items()},
        "scores": {here[m]: score for m, score in record.scores.items()},
        "anchors": {a: {here[m]: s for m, s in scores.items()} for a, scores in record.anchors.items()},
    }
    return record.model_copy(update=parts)
