"""Published rows as lines below a table: for orientation, never ranked with measured rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from vidgen_bench.leaderboard.published.sources import sources
from vidgen_bench.leaderboard.rows import Summary

METRICS = {"IS": "is", "FID": "fid"}
"""The metric whose column shows a published number, by the first word of the published metric."""


@dataclass
class PublishedLine:
    """The numbers of one system in one publication."""

    source: str
    protocol: str
    spread: str
    system: str
    spec: str
    scores: dict[str, Summary] = field(default_factory=dict)
    """By metric; the spread is whatever the publication prints after ±."""
    errors: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    """The metrics whose numbers have a known error."""

    @property
    def meaning(self) -> str:
        """What ± is in the publication, as a clause: ``± is the population standard deviation over ten batches``."""
        unknown = self.spread.startswith("not ")
        return f"the meaning of ± is {self.spread}" if unknown else f"± is the {self.spread}"


def published_lines(
    tracks: Collection[str], metrics: Collection[str], *, conditional: bool
) -> tuple[PublishedLine, ...]:
    """Return the lines to show below the table of a track with one of these names, in the order of the publications.

    Args:
        tracks: the names of the track; only tracks that ship with the package have published rows.
        metrics: the columns of the table.
        conditional: whether its models are sampled with class labels; only such systems are shown, or only others.
    """
    found: dict[tuple[str, str], PublishedLine] = {}
    for name, source in sources().items():
        if not set(source.shown.values()) & set(tracks):
            continue
        for row in source.rows:
            metric = METRICS.get(row.metric.partition(" ")[0], "")
            if (
                metric not in metrics
                or source.shown.get(row.resolution) not in tracks
                or row.conditional != conditional
            ):
                continue
            line = found.setdefault(
                (name, row.system), PublishedLine(source.source, source.protocol, source.spread, row.system, row.spec)
            )
            line.scores.setdefault(metric, Summary(row.mean, row.std, "batches", 1))
            if row.error:
                line.wrong += (metric,)
                line.errors += (row.error,) * (row.error not in line.errors)
    return tuple(_distinct(found.values()))


def _distinct(lines: Iterable[PublishedLine]) -> Iterator[PublishedLine]:
    """Yield the lines without those that repeat an earlier one under another name, as two tables of one paper do."""
    seen: list[tuple[str, str, dict[str, Summary]]] = []
    for line in lines:
        if (key := (line.source, line.spec, line.scores)) not in seen:
            seen.append(key)
            yield line
