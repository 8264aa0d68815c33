"""Rounded numbers for tables; JSON and CSV have full precision."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from vidgen_bench.leaderboard.estimates import Estimate
from vidgen_bench.leaderboard.ranking import Ranking
from vidgen_bench.leaderboard.rows import Row, Summary

DASH = "–"


_WIDEST = 1e9
"""From here on, a number is in scientific form: with all its digits it would fill a line."""


def amount(value: float, places: int) -> str:
    """Return ``26,512.4``, or ``1e+100`` for a very large number; a value that rounds to zero has no sign."""
    return f"{value:.4g}" if abs(value) >= _WIDEST else f"{value:z,.{places}f}"


def signed(value: float, places: int) -> str:
    """Return the same with a sign: ``+0.14``, but ``0.00``."""
    text = amount(value, places)
    return text if text.startswith("-") or not text.strip("0.") else f"+{text}"


_LEAST, _NOTHING = 2, 5e-7
"""Significant digits that a score has at least, and the size below which it is shown as zero."""


def fitting(places: int, *values: float) -> int:
    """Return the decimals of a cell in a column with so many: more, up to 8, if all of its numbers are too small for these.

    The largest of them gets two significant digits, so that 0.037 ± 0.002 is not shown as 0.0 ± 0.0 beside 253.1 ± 4.8.
    """
    largest = max(map(abs, values))
    if not _NOTHING <= largest < 10.0 ** (_LEAST - 1 - places):
        return places
    return max(places, _LEAST - 1 - math.floor(math.log10(largest)))


def alone(value: float, places: int) -> str:
    """Return :func:`amount` of a score that stands by itself, with the decimals that it needs."""
    return amount(value, fitting(places, value))


def decimals(spreads: Iterable[float | None], most: int = 4) -> int:
    """Return the decimals of a column: two significant digits of its median spread, 0 to ``most``; 2 if none is known."""
    known = sorted(spread for spread in spreads if spread)
    if not known:
        return 2
    return min(max(1 - math.floor(math.log10(known[len(known) // 2])), 0), most)


def decimals_of(ranking: Ranking) -> dict[str, int]:
    """Return the decimals of every metric column of a ranking."""
    found: dict[str, list[float | None]] = {metric: [] for metric in ranking.metrics}
    for metric, spreads in found.items():
        estimates = [row.estimates[metric] for row in ranking.rows if metric in row.estimates]
        spreads += [e.interval.half_width if e.interval else e.between_batches for e in estimates]
    return {metric: decimals(spreads) for metric, spreads in found.items()}


def mean_and_interval(estimate: Estimate | None, places: int) -> str:
    """Return ``15.20 ± 0.31``; ``15.20 (± 0.92)`` for a borrowed interval, ``15.20`` without one, or a dash for no score."""
    if estimate is None:
        return DASH
    interval = estimate.interval
    places = fitting(places, estimate.mean, 0.0 if interval is None else interval.half_width)
    mean = amount(estimate.mean, places)
    if interval is None:
        return mean
    half = f"± {amount(interval.half_width, places)}"
    return f"{mean} ({half})" if interval.borrowed else f"{mean} {half}"


def mean_and_spread(summary: Summary | None, places: int) -> str:
    """Return ``15.20 ± 0.26``, or ``15.20`` for a single value, or a dash for no score; small numbers get more decimals."""
    if summary is None:
        return DASH
    return _as_rounded(summary, fitting(places, summary.mean, summary.std or 0.0))


def _as_rounded(summary: Summary, places: int) -> str:
    mean = amount(summary.mean, places)
    return mean if summary.std is None else f"{mean} ± {amount(summary.std, places)}"


def as_published(summary: Summary | None, places: int) -> str:
    """Return the same of a published score, with no more decimals than were published: ``15.06 ± 0.25``."""
    if summary is None:
        return DASH
    known = [f"{abs(value):.12f}".rstrip("0") for value in (summary.mean, summary.std or 0.0)]
    most = max(len(text.partition(".")[2]) for text in known)
    return _as_rounded(summary, min(fitting(places, summary.mean, summary.std or 0.0), most))


def count(value: int | None) -> str:
    """Return a parameter count in at most seven characters: ``61,632``, ``1.23 M``, ``77.9 M``."""
    if value is None:
        return DASH
    if value < 1_000_000:
        return f"{value:,}"
    for unit, scale in (("M", 1e6), ("G", 1e9), ("T", 1e12)):
        amount = value / scale
        if amount < 999.5:
            return f"{amount:.{2 if amount < 9.995 else 1 if amount < 99.95 else 0}f} {unit}"
    return f"{value:.3g}"


def span(values: Sequence[int]) -> str:
    """Return the range of the values: ``400`` or ``380-400``."""
    low, high = min(values), max(values)
    return amount(low, 0) if low == high else f"{amount(low, 0)}-{amount(high, 0)}"


def hours(values: Sequence[float]) -> str:
    """Return the mean to two significant digits: ``0.083``, ``1.0``, ``14``."""
    mean = math.fsum(values) / len(values)
    if mean < 0.0001:
        return "<0.0001" if mean > 0 else "0"
    if mean >= _WIDEST:
        return amount(mean, 0)
    return f"{mean:.{min(max(1 - math.floor(math.log10(mean)), 0), 4)}f}"


def seeds(values: Sequence[int]) -> str:
    """Return seeds with consecutive ones as ranges: ``0-2,5``; ``0x2`` is one seed with two runs."""
    groups: list[list[int]] = []
    for seed in sorted(set(values)):
        repeated = values.count(seed) > 1
        if groups and seed == groups[-1][-1] + 1 and not repeated and values.count(groups[-1][-1]) == 1:
            groups[-1].append(seed)
        else:
            groups.append([seed])
    return ",".join(_group(group, values.count(group[0])) for group in groups)


def costs(row: Row) -> dict[str, str]:
    """Return parameters, iterations, device-hours and seeds of a row, by heading; a dash for unknown values."""
    runs, parameters = row.records, row.records[0].parameters
    known = {"G_t": count(parameters.temporal), "G": count(parameters.parts.get("generator"))}
    if row.external:
        return known | dict.fromkeys(("iterations", "device-hours", "seeds"), DASH)
    return known | {
        "iterations": span([r.spent.iterations for r in runs]),
        "device-hours": hours([r.measured.device_hours for r in runs]),
        "seeds": seeds(row.seeds),
    }


def _group(group: list[int], times: int) -> str:
    if times > 1:
        return f"{group[0]}x{times}"
    return f"{group[0]}-{group[-1]}" if len(group) > 2 else ",".join(map(str, group))
