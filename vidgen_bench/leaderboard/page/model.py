"""The model of the page: plain values computed from the tables, which the templates only lay out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup

from vidgen_bench.escaping import printable
from vidgen_bench.leaderboard.collect import Collected, Entry
from vidgen_bench.leaderboard.page.axis import Axis, axis_of
from vidgen_bench.leaderboard.page.backbone_grid import BackboneGrid, backbone_grid
from vidgen_bench.leaderboard.page.clips import Clip, clip_of
from vidgen_bench.leaderboard.page.cost import Cost, cost_chart
from vidgen_bench.leaderboard.page.facts import counted, fingerprints, held_fixed, reading
from vidgen_bench.leaderboard.page.lines import LineView, anchor_lines, published_views
from vidgen_bench.leaderboard.page.matrix import Matrix, matrix
from vidgen_bench.leaderboard.page.names import names_of
from vidgen_bench.leaderboard.page.run_file import Copies, badge_of, copies_of, trace_of
from vidgen_bench.leaderboard.page.svg import markup
from vidgen_bench.leaderboard.page.table import Head, RowView, heads, row_views
from vidgen_bench.leaderboard.page.traces import Trace, frame_of, panel, traces_of
from vidgen_bench.leaderboard.ranking import Ranked, Ranking
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.closing import closing
from vidgen_bench.leaderboard.render.headline import headline
from vidgen_bench.leaderboard.render.notes import heading, notes
from vidgen_bench.leaderboard.render.verdicts_text import resolution_line

_NAME, _TITLE = 120, 40
"""Characters of a spec and of its options, and of the title of a metric, in sentences and figures."""

_METRICS, _MOST_METRICS = 40.0, 4
"""The width of all columns of metrics together, in per cent of the table, and the most of them that share it."""

_MOST_FAULTS = 50


@dataclass(frozen=True)
class Panels:
    """The traces of one row, one panel per metric."""

    label: str
    panels: tuple[Markup, ...]


@dataclass(frozen=True)
class Further:
    """A row's scores in the metrics that are computed on the final samples only."""

    label: str
    scores: tuple[str, ...]


@dataclass(frozen=True)
class TrackView:
    """One table with everything below it."""

    number: int
    name: str
    ranked: bool
    headline: tuple[str, ...]
    fixed: tuple[tuple[str, str], ...]
    counted: tuple[str, ...]
    heads: tuple[Head, ...]
    select: str
    """The metric of the order, and of the first rank."""
    select_title: str
    rows: tuple[RowView, ...]
    anchors: tuple[LineView, ...]
    published: tuple[LineView, ...]
    publications: tuple[str, ...]
    """The sources of the published rows, with what ± means in each."""
    resolution: str
    reading: str
    """How to read the table."""
    fingerprints: str
    """Those that all rows share."""
    matrices: tuple[Matrix, ...]
    traces: tuple[Panels, ...]
    frames: tuple[str, ...]
    """The axes of the panels in words: ``FID from 190 to 1,120``."""
    costs: tuple[Cost, ...]
    grids: tuple[BackboneGrid, ...]
    further: tuple[tuple[str, ...], tuple[Further, ...]]
    """The headings of the extra metrics, and their scores."""
    notes: tuple[str, ...]
    clips: bool
    """Whether any row has clips."""

    @property
    def rank_width(self) -> int:
        """The width of the column of ranks, in pixels: for ``2-4``, or for ``101-140`` or a heading that names the family."""
        return 88 if len(self.rows) >= 100 or "," in self.select_title else 68

    @property
    def scrolls(self) -> bool:
        """Whether the table has too many metrics for one window."""
        return len(self.heads) > _MOST_METRICS

    @property
    def width(self) -> str:
        """The width of a metric's column, in pixels or as a share of the table."""
        return "190" if self.scrolls else f"{_METRICS / max(len(self.heads), 2):.1f}%"


@dataclass(frozen=True)
class PageView:
    """The whole page."""

    tracks: tuple[TrackView, ...]
    faults: tuple[str, ...]
    """The files that are not valid, or the first of many."""
    invalid: int
    """How many files are not valid."""


def page_of(rankings: Sequence[Ranking], collected: Collected) -> PageView:
    """Return the model of a page with these tables."""
    copies = copies_of(collected.entries)
    names = names_of(rankings)
    tracks = tuple(_track(i, names[i], ranking, copies) for i, ranking in enumerate(rankings))
    return PageView(tracks, tuple(map(str, collected.faults[:_MOST_FAULTS])), len(collected.faults))


def _track(number: int, name: str, ranking: Ranking, copies: Copies) -> TrackView:
    plain = ranking.plain()
    brief = _brief(plain)
    axes = {metric: axis_of(ranking, metric) for metric in plain.metrics}
    decimals = numbers.decimals_of(ranking)
    places = {metric: decimals[metric] for metric in plain.metrics}
    clips = [_clip(row, copies) for row in ranking.rows]
    badges = [_badge(row, copies) for row in ranking.rows]
    tested = [m for m in axes if m in ranking.standings]
    traces, frames = _traces(brief, axes, places)
    return TrackView(
        number=number,
        name=name,
        ranked=ranking.ranked,
        headline=tuple(headline(brief)),
        fixed=tuple(held_fixed(ranking)),
        counted=tuple(counted(ranking)),
        heads=heads(plain, axes),
        select=ranking.select,
        select_title=_order(ranking),
        rows=row_views(plain, axes, places, badges, clips),
        anchors=anchor_lines(plain, places, _real_clip(ranking, copies)),
        published=published_views(plain, places),
        publications=tuple(dict.fromkeys(f"{line.source}: {line.meaning}" for line in plain.published)),
        resolution=resolution_line(brief),
        reading=reading(plain),
        fingerprints=fingerprints(ranking),
        matrices=tuple(m for m in (matrix(brief, metric) for metric in tested) if m),
        traces=traces,
        frames=frames,
        costs=tuple(c for c in (cost_chart(brief, metric) for metric in tested) if c),
        grids=tuple(g for g in (backbone_grid(brief, metric, axes[metric]) for metric in tested) if g),
        further=_further(ranking, [m for m in ranking.metrics if m not in axes]),
        notes=(*notes(ranking), *closing(ranking)),
        clips=any(clips),
    )


def _brief(ranking: Ranking) -> Ranking:
    """Return a ranking with shorter names, for sentences and figures: the table, provenance and notes have longer ones."""
    rows = (replace(r, spec=printable(r.spec, _NAME), options=printable(r.options, _NAME)) for r in ranking.rows)
    metrics = {name: replace(column, title=printable(column.title, _TITLE)) for name, column in ranking.metrics.items()}
    return replace(ranking, rows=tuple(rows), metrics=metrics)


def _order(ranking: Ranking) -> str:
    """Return by what the first ranks are: ``FID ↓``."""
    title = heading(ranking, ranking.select) if ranking.select in ranking.metrics else ranking.select
    return title if ranking.family == "table" else f"{title}, in its {ranking.family}"


def _folders(entry: Entry, copies: Copies) -> tuple[Path, ...]:
    return tuple(path.parent for path in copies.get(entry.digest, (entry.path,)))


def _first_seed(row: Ranked) -> Entry | None:
    """Return the entry of seed 0, whose clips stand for the row."""
    return next((e for e in row.row.entries if e.record.seed == 0 and e.record.external is None), None)


def _clip(row: Ranked, copies: Copies) -> Clip | None:
    entry = _first_seed(row)
    return None if entry is None else clip_of(_folders(entry, copies), entry.record)


def _real_clip(ranking: Ranking, copies: Copies) -> Clip | None:
    """Return real clips from the pictures of the first row that has some."""
    for row in ranking.rows:
        entry = _first_seed(row)
        if entry and (clip := clip_of(_folders(entry, copies), entry.record, real=True)):
            return clip
    return None


def _badge(row: Ranked, copies: Copies) -> str:
    return "external" if row.row.external else badge_of(row.row.entries, copies)


def _traces(
    ranking: Ranking, axes: Mapping[str, Axis], places: Mapping[str, int]
) -> tuple[tuple[Panels, ...], tuple[str, ...]]:
    """Return the panels of every row with a trace, and the axes of each metric in words."""
    rows = [[traces_of(e.record, trace_of(e)) for e in row.row.entries] for row in ranking.rows]
    found: dict[int, list[Markup]] = {}
    words = []
    for metric, axis in axes.items():
        of: list[list[Trace]] = [[t[metric] for t in row if metric in t] for row in rows]
        if (frame := frame_of(of, axis)) is None:
            continue
        title = ranking.metrics[metric].title
        low, high = (numbers.amount(value, places[metric]) for value in (frame.low, frame.high))
        words.append(f"{title} from {low} to {high} in {numbers.amount(frame.last, 0)} iterations")
        for i, traces in enumerate(of):
            if traces:
                name = ranking.rows[i].label
                found.setdefault(i, []).append(markup(panel(traces, frame, name, title, places[metric])))
    return tuple(Panels(ranking.rows[i].label, tuple(panels)) for i, panels in sorted(found.items())), tuple(words)


def _further(ranking: Ranking, extra: Sequence[str]) -> tuple[tuple[str, ...], tuple[Further, ...]]:
    decimals = numbers.decimals_of(ranking)
    rows = [
        Further(row.label, tuple(numbers.mean_and_interval(row.estimates.get(m), decimals[m]) for m in extra))
        for row in ranking.rows
        if extra
    ]
    return tuple(heading(ranking, m) for m in extra), tuple(rows)
