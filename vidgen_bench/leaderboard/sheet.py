"""The leaderboard as CSV: one line a row or anchor, every number in full precision."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from vidgen_bench.leaderboard.export import status
from vidgen_bench.leaderboard.ranking import Ranked, Ranking, protocol_of
from vidgen_bench.leaderboard.rows import Summary


def as_csv(rankings: Sequence[Ranking]) -> str:
    """Return a header and one line for each row and anchor; what a line does not have is left empty."""
    metrics = list(dict.fromkeys(m for r in rankings for m in r.metrics))
    lines = [_shared(r) | line for r in rankings for line in (*_anchors(r), *(_row(ranked) for ranked in r.rows))]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, _columns(metrics), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return stream.getvalue()


def _columns(metrics: Sequence[str]) -> list[str]:
    scores = [f"{m}_{part}" for m in metrics for part in ("mean", "std", "std_over", "count")]
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
        "measured_by": "; ".join(f"{kind} {name} of {owner}" for kind, name, owner in ranking.measured_by),
        "device_model": ranking.device_model or "",
    }


def _scores(scores: Mapping[str, Summary]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name, s in scores.items():
        cells |= {f"{name}_mean": s.mean, f"{name}_std": "" if s.std is None else s.std}
        cells |= {f"{name}_std_over": s.over, f"{name}_count": s.count}
    return cells


def _anchors(ranking: Ranking) -> list[dict[str, Any]]:
    return [{"kind": "anchor", "spec": name, **_scores(scores)} for name, scores in ranking.anchors.scores.items()]


def _row(ranked: Ranked) -> dict[str, Any]:
    row, first = ranked.row, ranked.row.records[0]
    best, worst = ranked.rank or ("", "")
    return {
        "kind": "row",
        "rank_best": best,
        "rank_worst": worst,
        "spec": row.spec,
        "given": json.dumps(row.given, sort_keys=True) if row.given else "",
        **_scores(row.scores),
        "parameters_temporal": first.parameters.temporal,
        "parameters_generator": first.parameters.parts.get("generator", ""),
        "iterations": " ".join(str(r.spent.iterations) for r in row.records),
        "device_hours": " ".join(repr(r.measured.device_hours) for r in row.records),
        "seeds": " ".join(map(str, row.seeds)),
        "status": status(ranked),
        "options": json.dumps(row.options, sort_keys=True),
    }
