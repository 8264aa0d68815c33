"""Rankings: comparable rows from best to worst, and the ranks that their seeds support.

A rank uses exactly the seeds that the track declares, each once. A row without all of them is listed below the ranked rows, with the
command that runs the missing ones. External clips are listed without a rank: they were measured in the same way, but not trained in
the same way. Each metric with a better direction has ranks of its own (:mod:`vidgen_bench.leaderboard.standings`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vidgen_bench.leaderboard.anchors import Anchors, anchors_of
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.columns import Column, columns
from vidgen_bench.leaderboard.comparable import Measuring, comparable, device_model, measured_by
from vidgen_bench.leaderboard.errata import Erratum, errata_of, known_errata
from vidgen_bench.leaderboard.estimates import Estimate, estimate, floor_of, with_borrowed
from vidgen_bench.leaderboard.published.lines import PublishedLine, published_lines
from vidgen_bench.leaderboard.ranking_metric import selected
from vidgen_bench.leaderboard.rows import Row, labels_of, rows_of
from vidgen_bench.leaderboard.standings import LAST, Contender, Standing, standing
from vidgen_bench.leaderboard.submissions.tombstone import Tombstone
from vidgen_bench.leaderboard.submissions.withdrawn import Withdrawn
from vidgen_bench.records.record import Record

Family = Literal["table", "backbone"]
"""The rows that are compared with each other: all of a table, or those with the same backbone."""


@dataclass(frozen=True)
class Ranked:
    """A row with its label, its estimates and its ranks."""

    row: Row
    spec: str
    options: str
    estimates: dict[str, Estimate]
    """By metric; a metric without a score is missing."""
    missing: tuple[int, ...]
    """Declared seeds without a run; such a row has no rank."""
    diverged: tuple[int, ...]
    """Declared seeds whose run diverged."""
    ranks: dict[str, tuple[int, int]]
    """Best and worst rank by metric; empty for an unranked row."""
    errata: dict[str, str]
    """By metric: why the scores are known to be wrong; they are shown struck through and have no rank."""
    withdrawn: dict[int, str]
    """Declared seeds whose submitted record was withdrawn, with the reason; one that is not missing was run again."""

    @property
    def label(self) -> str:
        """The spec, followed by the options if there are any."""
        return f"{self.spec} {self.options}".rstrip()

    def place(self, metric: str) -> str:
        """Return a rank as a text: ``3`` or ``1-2``, or a dash without a rank."""
        if metric not in self.ranks:
            return "–"
        best, worst = self.ranks[metric]
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
    conditional: bool
    """Whether the models are sampled with class labels; such rows are never ranked with others."""
    apart: bool
    """Whether there is a table of the other kind on the same track."""
    device_model: str | None
    """The hardware of all runs, if the budget is in device-hours; ``2 x`` precedes the name for two devices."""
    ranked: bool
    seeds: tuple[int, ...]
    """The seeds that the track declares for a rank."""
    family: Family
    select: str
    metrics: dict[str, Column]
    """The metric columns by name."""
    rows: tuple[Ranked, ...]
    anchors: Anchors
    standings: dict[str, Standing]
    """Verdicts by metric, for the metrics with a better direction; pairs are positions in ``rows``."""
    published: tuple[PublishedLine, ...]
    """Published numbers on this track, which are never ranked with the rows."""

    @property
    def name(self) -> str:
        """The name of the track; two if records of one track have different names for it."""
        return " = ".join(self.names)

    @property
    def title(self) -> str:
        """The name of the track, and the kind of its models where there are two."""
        kind = ", class-conditional" if self.conditional else ", unconditional" if self.apart else ""
        return f"{self.name}{kind}"

    def plain(self) -> Ranking:
        """Return the ranking without its extra metrics."""
        metrics = {name: entry for name, entry in self.metrics.items() if not entry.extra or name == self.select}
        standings = {name: standing for name, standing in self.standings.items() if name in metrics}
        return replace(self, metrics=metrics, standings=standings)

    @property
    def better(self) -> Literal["higher", "lower", "neither"]:
        """The better direction of the metric by which the rows are ordered."""
        return self.metrics[self.select].better if self.select in self.metrics else "higher"


def rankings(
    entries: Sequence[Entry],
    family: Family = "table",
    errata: Sequence[Erratum] | None = None,
    withdrawn: Mapping[str, Tombstone] | None = None,
    *,
    extra: bool = True,
) -> list[Ranking]:
    """Return one ranking per group of comparable records, ordered by track name, with the track's own protocol first.

    Args:
        entries: the records.
        family: the rows that are compared with each other.
        errata: the known errors; those that come with vidgen-bench unless given.
        withdrawn: tombstones by their paths, which begin as those of the entries do.
        extra: whether extra metrics get columns too; the metric that orders the rows always has one.
    """
    errors = known_errata() if errata is None else errata
    gone = Withdrawn(withdrawn or {})
    found = [_ranking(group, family, errors, gone, extra) for group in comparable(entries)]
    kinds = {(r.record.track.fingerprint, r.conditional) for r in found}
    return [replace(r, apart=(r.record.track.fingerprint, not r.conditional) in kinds) for r in found]


def _ranking(
    given: Sequence[Entry], family: Family, errata: Sequence[Erratum], gone: Withdrawn, extra: bool
) -> Ranking:
    first = next((e.record for e in given if e.record.external is None), given[0].record)
    select = selected(first) or ""
    entries, found = columns(given, select)
    metrics = {name: column for name, column in found.items() if extra or not column.extra or name == select}
    records = [e.record for e in entries]
    # of copies of one track, an unranked one makes the whole ranking unranked, and the one with the most seeds counts
    ranked = all(r.track.ranked for r in records)
    seeds = tuple(range(max(r.track.seeds for r in records)))
    anchors = anchors_of(records)
    rows = _ordered(rows_of(entries), select, metrics, anchors, seeds, family, errata, gone)
    standings = {m: _standing(rows, m, c, seeds, family) for m, c in metrics.items() if c.better != "neither"}
    if not ranked:
        standings = {}
    return Ranking(
        names=tuple(sorted({r.track.name for r in records})),
        record=first,
        measured_by=measured_by(first),
        conditional=first.model.conditional,
        apart=False,
        device_model=device_model(first),
        ranked=ranked,
        seeds=seeds,
        family=family,
        select=select,
        metrics=metrics,
        rows=tuple(
            replace(row, ranks={m: s.ranks[i] for m, s in standings.items() if i in s.ranks})
            for i, row in enumerate(rows)
        ),
        anchors=anchors,
        standings=standings,
        published=published_lines({r.track.name for r in records}, metrics, conditional=first.model.conditional),
    )


def _errata(row: Row, metrics: Iterable[str], errata: Sequence[Erratum]) -> dict[str, str]:
    if not errata:
        return {}
    found = {m: next(filter(None, (errata_of(r, m, errata) for r in row.records)), None) for m in metrics}
    return {metric: reason for metric, reason in found.items() if reason}


def _withdrawn(row: Row, seeds: Sequence[int], gone: Withdrawn) -> dict[int, str]:
    if not gone:
        return {}
    found = gone.reasons(row.records[0], {e.path.parent.as_posix() for e in row.entries})
    return {seed: reason for seed, reason in found.items() if seed in seeds}


def backbone_of(row: Row) -> str:
    """Return the name of a row's backbone; empty for external clips."""
    return next((p.name for p in row.records[0].plugins if p.kind == "backbone"), "")


def family_of(row: Ranked, family: Family) -> str:
    """Return the name of the family that a row is compared in."""
    return backbone_of(row.row) if family == "backbone" else ""


def sign_of(column: Column) -> int:
    """Return 1 if higher is better or no direction is, -1 if lower is better."""
    return -1 if column.better == "lower" else 1


def _ordered(
    rows: list[Row],
    select: str,
    metrics: dict[str, Column],
    anchors: Anchors,
    seeds: tuple[int, ...],
    family: Family,
    errata: Sequence[Erratum],
    gone: Withdrawn,
) -> list[Ranked]:
    """Return the rows: complete ones from best to worst, incomplete ones likewise, then those without a score.

    Rows that diverged are last in their group. Families stay together, in the order of their best rows.
    """
    measures = [(m, sign_of(c), floor_of(anchors, m, sign_of(c))) for m, c in metrics.items()]
    # row by row, so that a row's records are still in the processor's cache for its second metric
    by_row = [[estimate(row, *measure, seeds) for measure in measures] for row in rows]
    found = {m: with_borrowed([of[i] for of in by_row], len(seeds)) for i, m in enumerate(metrics)}
    ranked = [
        Ranked(
            row,
            *label,
            {m: e for m, estimates in found.items() if (e := estimates[i])},
            missing=() if row.external else tuple(s for s in seeds if s not in row.seeds),
            diverged=tuple(sorted({r.seed for r in row.records if r.status == "diverged" and r.seed in seeds})),
            ranks={},
            errata=_errata(row, metrics, errata),
            withdrawn=_withdrawn(row, seeds, gone),
        )
        for i, (row, label) in enumerate(zip(rows, labels_of(rows), strict=True))
    ]
    sign = sign_of(metrics[select]) if select in metrics else 1

    def place(item: Ranked) -> tuple[bool, bool, bool, float, str, str]:
        score = item.estimates.get(select)
        fell = item.row.diverged == len(item.row.entries) or len(item.diverged) >= LAST
        return score is None, bool(item.missing), fell, -sign * score.mean if score else 0.0, item.spec, item.options

    ranked.sort(key=place)
    families = list(dict.fromkeys(family_of(row, family) for row in ranked))
    return sorted(ranked, key=lambda row: families.index(family_of(row, family)))


def _standing(rows: Sequence[Ranked], metric: str, column: Column, seeds: tuple[int, ...], family: Family) -> Standing:
    """Return the standing of the rows that can be ranked: trained here, with every declared seed, and a score in the metric."""
    contenders = [
        Contender(i, row.estimates[metric], len(row.diverged), family_of(row, family))
        for i, row in enumerate(rows)
        if not row.row.external
        and not row.missing
        and metric in row.estimates
        and metric not in row.errata
        # without an anchor a diverged seed has no score; fewer seeds than declared give no rank
        and set(row.estimates[metric].seeds) == set(seeds)
    ]
    return standing(contenders, sign_of(column), len(seeds))
