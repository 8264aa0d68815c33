"""The rows of the page: every cell as a text, its key for sorting, and its figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from vidgen_bench.escaping import printable
from vidgen_bench.leaderboard.different_code import different_code
from vidgen_bench.leaderboard.page.axis import Axis
from vidgen_bench.leaderboard.page.clips import Clip
from vidgen_bench.leaderboard.page.provenance import Provenance, provenance
from vidgen_bench.leaderboard.page.strip import HEIGHT, rank_bar, strip
from vidgen_bench.leaderboard.page.svg import markup, short
from vidgen_bench.leaderboard.ranking import Ranked, Ranking, family_of, sign_of
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.closing import DIFFERENT_CODE
from vidgen_bench.leaderboard.render.csv_text import row_csv
from vidgen_bench.leaderboard.render.notes import heading

CSV = (
    "track", "spec", "given", "metric", "mean", "interval_low", "interval_high", "interval_is_borrowed", "rank_best", "rank_worst",
    "scores", "seeds", "missing_seeds", "status", "known_error", "parameters_temporal", "parameters_generator", "iterations",
    "device_hours", "protocol",
)  # fmt: skip
"""The columns of a download: those of ``--format csv`` that the page shows."""

NAME, _OPTIONS, _CAVEAT = 300, 160, 80
"""Characters of a name, of options and of a caveat in a cell; provenance and notes have all of them."""


@dataclass(frozen=True)
class Head:
    """The heading of a metric."""

    metric: str
    heading: str
    first: str
    """The direction in which the first click sorts: the best score first."""
    caveat: str
    left: str
    right: str
    """The anchors at the two ends of its axis, with their scores."""
    close: str
    """The view box of the part of the axis that holds the rows."""
    close_left: str
    close_right: str
    """The values at the two ends of that part."""


@dataclass(frozen=True)
class ScoreCell:
    """One metric of one row."""

    text: str
    key: float | None
    """The mean, from which rows are sorted."""
    place: str
    bar: Markup
    strip: Markup
    wrong: str
    """Why the score is known to be wrong."""


@dataclass(frozen=True)
class RowView:
    """One row."""

    number: int
    """The position in the order of the table, from 0."""
    place: str
    ranked: bool
    bar: Markup
    spec: str
    options: str
    remarks: tuple[str, ...]
    """What is wrong or missing, in a few words."""
    scores: tuple[ScoreCell, ...]
    hours: str
    hours_key: float | None
    temporal: str
    temporal_key: int | None
    memory: str
    memory_key: int | None
    badge: str
    clip: Clip | None
    csv: str
    provenance: Provenance


def heads(ranking: Ranking, axes: Mapping[str, Axis]) -> tuple[Head, ...]:
    """Return the headings of the metrics."""
    places = numbers.decimals_of(ranking)
    found = []
    for metric, axis in axes.items():
        ends = sorted(axis.ticks, key=lambda tick: axis.at(tick[1]))
        left, right = (
            (f"{name} {numbers.amount(value, places[metric])}" for name, value in (ends[0], ends[-1]))
            if ends
            else ("", "")
        )
        start, wide = axis.close
        close = f"{short(start)} 0 {short(wide)} {short(HEIGHT)}"
        near = (numbers.amount(axis.value(unit), places[metric]) for unit in (start, start + wide))
        caveat = printable(ranking.metrics[metric].caveat, _CAVEAT)
        first = "asc" if sign_of(ranking.metrics[metric]) < 0 else "desc"
        found.append(Head(metric, heading(ranking, metric), first, caveat, left, right, close, *near))
    return tuple(found)


def row_views(
    ranking: Ranking,
    axes: Mapping[str, Axis],
    places: Mapping[str, int],
    badges: Sequence[str],
    clips: Sequence[Clip | None],
) -> tuple[RowView, ...]:
    """Return the rows; ``places`` has the decimals of each metric, ``badges`` and ``clips`` have one entry per row."""
    worst = _worst(ranking)
    return tuple(_row(ranking, i, axes, places, worst, badges[i], clips[i]) for i in range(len(ranking.rows)))


def _worst(ranking: Ranking) -> dict[tuple[str, str], int]:
    """Return the last place by metric and family."""
    found: dict[tuple[str, str], int] = {}
    for row in ranking.rows:
        family = family_of(row, ranking.family)
        for metric, (_, last) in row.ranks.items():
            found[metric, family] = max(last, found.get((metric, family), 0))
    return found


def _row(
    ranking: Ranking,
    number: int,
    axes: Mapping[str, Axis],
    places: Mapping[str, int],
    worst: Mapping[tuple[str, str], int],
    badge: str,
    clip: Clip | None,
) -> RowView:
    ranked = ranking.rows[number]
    family = family_of(ranked, ranking.family)
    bars = {m: markup(rank_bar(rank, worst[m, family])) for m, rank in ranked.ranks.items()}
    row, costs = ranked.row, numbers.costs(ranked.row)
    records = row.records
    hours = [r.measured.device_hours for r in records]
    peak = max(r.measured.peak_memory_bytes for r in records)
    return RowView(
        number=number,
        place=ranked.place(ranking.select),
        ranked=ranking.select in ranked.ranks,
        bar=bars.get(ranking.select, Markup()),
        spec=printable(ranked.spec, NAME),
        options=printable(ranked.options, _OPTIONS),
        remarks=tuple(_remarks(ranking, ranked)),
        scores=tuple(_score(ranking, ranked, m, axis, places[m], bars.get(m, Markup())) for m, axis in axes.items()),
        hours=costs["device-hours"],
        hours_key=None if row.external else sum(hours) / len(hours),
        temporal=costs["G_t"],
        temporal_key=records[0].parameters.temporal,
        memory=numbers.DASH if row.external or not peak else memory(peak),
        memory_key=None if row.external else peak,
        badge=badge,
        clip=clip,
        csv=row_csv(ranking, ranked, CSV, NAME),
        provenance=provenance(ranked),
    )


def memory(count: int) -> str:
    """Return a number of bytes as ``1.3 GB``."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if count >= scale:
            return f"{count / scale:,.{1 if count < 100 * scale else 0}f} {unit}"
    return f"{count:,} B"


def _score(ranking: Ranking, ranked: Ranked, metric: str, axis: Axis, places: int, bar: Markup) -> ScoreCell:
    estimate = ranked.estimates.get(metric)
    scored = estimate is not None and ranked.row.diverged < len(ranked.row.entries)
    title = ranking.metrics[metric].title
    return ScoreCell(
        numbers.mean_and_interval(estimate, places) if scored else numbers.DASH,
        estimate.mean if estimate and scored else None,
        ranked.place(metric) if metric in ranked.ranks else "",
        bar,
        markup(strip(estimate, axis, title, places)) if estimate else Markup(),
        ranked.errata.get(metric, ""),
    )


def _remarks(ranking: Ranking, ranked: Ranked) -> list[str]:
    found = []
    if ranked.row.external:
        found.append("external clips")
    if ranked.row.reconstruction:
        found.append("reconstruction")
    if different_code(ranked.row.records):
        found.append(DIFFERENT_CODE)
    if ranked.row.null:
        found.append("null model")
    if ranked.row.diverged:
        found.append(f"{ranked.row.diverged} of {len(ranked.row.entries)} diverged")
    if ranked.missing and ranking.ranked:
        found.append(f"not ranked: seed{'s' * (len(ranked.missing) > 1)} {numbers.seeds(ranked.missing)} missing")
    return found
