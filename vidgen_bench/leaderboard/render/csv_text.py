"""The leaderboard as CSV: one line per row or anchor, with numbers in full precision."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from vidgen_bench.leaderboard.columns import Column
from vidgen_bench.leaderboard.comparable import Measuring, protocol_of
from vidgen_bench.leaderboard.ranking import Ranked, Ranking
from vidgen_bench.leaderboard.render.json_text import status
from vidgen_bench.leaderboard.rows import Summary

_PARTS = ("mean", "std", "std_over", "count", "protocol", "measured_by")


def render_csv(rankings: Sequence[Ranking]) -> str:
    """Return a header and one line per row and anchor; missing values are empty."""
    metrics = list(dict.fromkeys(m for r in rankings for m in r.metrics))
    lines = [_shared(r) | line for r in rankings for line in (*_anchors(r), *(_row(r, ranked) for ranked in r.rows))]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, _columns(metrics), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return stream.getvalue()


def _columns(metrics: Sequence[str]) -> list[str]:
    scores = [f"{m}_{part}" for m in metrics for part in _PARTS]
    return [
        "track", "ranked", "kind", "rank_best", "rank_worst", "spec", "given", *scores,
        "parameters_temporal", "parameters_generator", "iterations", "device_hours", "seeds", "status", "options",
        "track_fingerprint", "data_fingerprint", "protocol", "measured_by", "device_model",
    ]  # fmt: skip


def _shared(ranking: Ranking) -> dict[str, Any]:
    record = ranking.record
    return {
        "track": ranking.names[0],
        "ranked": str(ranking.ranked).lower(),
        "track_fingerprint": record.track.fingerprint,
        "data_fingerprint": record.data.fingerprint,
        "protocol": protocol_of(record),
        "measured_by": _plugins(ranking.measured_by),
        "device_model": ranking.device_model or "",
    }


def _plugins(measured_by: Measuring) -> str:
    return "; ".join(f"{kind} {name} of {owner}" for kind, name, owner in measured_by)


def _scores(columns: Mapping[str, Column], scores: Mapping[str, Summary]) -> dict[str, Any]:
    """Return the cells of each score, with its protocol, because a column may have different protocols in two tables."""
    cells: dict[str, Any] = {}
    for name in (name for name in columns if name in scores):
        s, source = scores[name], columns[name].source
        values = (s.mean, s.std, s.over, s.count, source.protocol, _plugins(source.measured_by))
        cells |= {f"{name}_{part}": value for part, value in zip(_PARTS, values, strict=True)}
    return cells


def _anchors(ranking: Ranking) -> list[dict[str, Any]]:
    return [
        {"kind": "anchor", "spec": name, **_scores(ranking.metrics, scores)}
        for name, scores in ranking.anchors.scores.items()
    ]


def _row(ranking: Ranking, ranked: Ranked) -> dict[str, Any]:
    row, first = ranked.row, ranked.row.records[0]
    best, worst = ranked.rank or ("", "")
    runs = [] if row.external else row.records  # the training of external clips is unknown, not zero
    return {
        "kind": "row",
        "rank_best": best,
        "rank_worst": worst,
        "spec": row.spec,
        "given": json.dumps(row.given, sort_keys=True) if row.given else "",
        **_scores(ranking.metrics, row.scores),
        "parameters_temporal": first.parameters.temporal,
        "parameters_generator": first.parameters.parts.get("generator", ""),
        "iterations": " ".join(str(r.spent.iterations) for r in runs),
        "device_hours": " ".join(repr(r.measured.device_hours) for r in runs),
        "seeds": " ".join(str(r.seed) for r in runs),
        "status": status(ranked),
        "options": json.dumps(row.options, sort_keys=True),
    }
