"""The leaderboard as CSV: one line per row or anchor and metric, with numbers in full precision."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vidgen_bench.escaping import csv_cell, json_text
from vidgen_bench.leaderboard.columns import Column
from vidgen_bench.leaderboard.comparable import Measuring
from vidgen_bench.leaderboard.different_code import different_code
from vidgen_bench.leaderboard.ranking import Ranked, Ranking
from vidgen_bench.leaderboard.render.choice import EVERYTHING, Choice
from vidgen_bench.leaderboard.render.json_text import status

COLUMNS = (
    "track", "kind", "spec", "given", "metric", "mean", "interval_low", "interval_high", "interval_is_borrowed",
    "sd_between_seeds", "sd_between_batches", "std_of_batches", "rank_best", "rank_worst", "optimism", "gain", "scores", "seeds",
    "missing_seeds", "status", "known_error", "parameters_temporal", "parameters_generator", "iterations", "device_hours", "options",
    "ranked",
    "family", "track_fingerprint", "data_fingerprint", "protocol", "measured_by", "device_model", "conditional",
    "reconstruction", "null", "different_code",
)  # fmt: skip
"""``scores`` are the means of the seeds, in the order of ``seeds``; ``std_of_batches`` is the anchors' population deviation."""


def render_csv(rankings: Sequence[Ranking], columns: Sequence[str] = COLUMNS, choice: Choice = EVERYTHING) -> str:
    """Return a header and one line per row or anchor and metric; missing values are empty.

    Args:
        rankings: the tables.
        columns: some of :data:`COLUMNS`, in the order in which they are written.
        choice: the order of the rows of each metric.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for ranking in rankings:
        for metric, column in ranking.metrics.items():
            shared = _shared(ranking, metric, column)
            for line in (*_anchors(ranking, metric), *_rows(ranking, metric, choice), *_published(ranking, metric)):
                writer.writerow({name: csv_cell(value) for name, value in (shared | line).items()})
    return stream.getvalue()


def row_csv(ranking: Ranking, ranked: Ranked, columns: Sequence[str], longest: int) -> str:
    """Return the lines of one row, one per metric, with some of :data:`COLUMNS`; a text is cut to ``longest`` characters."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="", extrasaction="ignore", lineterminator="\n")
    row = _row(ranked)
    for metric, column in ranking.metrics.items():
        line = (
            _shared(ranking, metric, column)
            | row
            | _estimate(ranked, metric)
            | {"known_error": ranked.errata.get(metric, "")}
        )
        writer.writerow({name: csv_cell(v[:longest] if isinstance(v, str) else v) for name, v in line.items()})
    return stream.getvalue()


def _shared(ranking: Ranking, metric: str, column: Column) -> dict[str, Any]:
    record = ranking.record
    return {
        "track": ranking.names[0],
        "metric": metric,
        "ranked": str(ranking.ranked).lower(),
        "family": ranking.family,
        "track_fingerprint": record.track.fingerprint,
        "data_fingerprint": record.data.fingerprint,
        "protocol": column.source.protocol,
        "measured_by": _plugins(column.source.measured_by),
        "device_model": ranking.device_model or "",
        "conditional": str(ranking.conditional).lower(),
    }


def _plugins(measured_by: Measuring) -> str:
    return "; ".join(f"{kind} {name} of {owner}" for kind, name, owner in measured_by)


def _anchors(ranking: Ranking, metric: str) -> Iterator[dict[str, Any]]:
    for name, scores in ranking.anchors.scores.items():
        if metric in scores:
            yield {"kind": "anchor", "spec": name, "mean": scores[metric].mean, "std_of_batches": scores[metric].std}


def _published(ranking: Ranking, metric: str) -> Iterator[dict[str, Any]]:
    for line in ranking.published:
        if score := line.scores.get(metric):
            found = {"kind": "published", "spec": line.system, "mean": score.mean, "std_of_batches": score.std}
            # measured elsewhere: neither our protocol nor our plugins
            yield found | {"protocol": line.protocol, "measured_by": line.source, "status": "; ".join(line.errors)}


def _rows(ranking: Ranking, metric: str, choice: Choice) -> Iterator[dict[str, Any]]:
    for _, ranked in choice.listed(ranking):
        yield _row(ranked) | _estimate(ranked, metric) | {"known_error": ranked.errata.get(metric, "")}


def _estimate(ranked: Ranked, metric: str) -> dict[str, Any]:
    if (found := ranked.estimates.get(metric)) is None:
        return {}
    best, worst = ranked.ranks.get(metric, ("", ""))
    cells = {
        "mean": found.mean,
        "sd_between_seeds": found.between_seeds,
        "sd_between_batches": found.between_batches,
        "rank_best": best,
        "rank_worst": worst,
        "optimism": found.optimism,
        "gain": found.gain,
        "scores": " ".join(repr(score) for score in found.scores),
        "seeds": "" if ranked.row.external else " ".join(str(seed) for seed in sorted(found.seeds)),
    }
    if found.interval:
        cells |= {
            "interval_low": found.interval.low,
            "interval_high": found.interval.high,
            "interval_is_borrowed": str(found.interval.borrowed).lower(),
        }
    return cells


def _row(ranked: Ranked) -> dict[str, Any]:
    row, first = ranked.row, ranked.row.records[0]
    runs = [] if row.external else row.records  # the training of external clips is unknown, not zero
    return {
        "kind": "row",
        "spec": row.spec,
        "given": _options(row.given) if row.given else "",
        "missing_seeds": " ".join(map(str, ranked.missing)),
        "status": status(ranked),
        "parameters_temporal": first.parameters.temporal,
        "parameters_generator": first.parameters.parts.get("generator", ""),
        "iterations": " ".join(str(r.spent.iterations) for r in runs),
        "device_hours": " ".join(repr(r.measured.device_hours) for r in runs),
        "seeds": " ".join(str(r.seed) for r in runs),
        "options": _options(row.options),
        "reconstruction": str(row.reconstruction).lower(),
        "null": str(row.null).lower(),
        "different_code": " ".join(different_code(row.records)),
    }


def _options(values: Mapping[str, Any]) -> str:
    return json_text(dict(sorted(values.items())), indent=None)
