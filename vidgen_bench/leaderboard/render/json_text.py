"""The leaderboard as JSON: numbers in full precision, the values of every run, and the record files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.columns import Column
from vidgen_bench.leaderboard.comparable import Measuring, protocol_of
from vidgen_bench.leaderboard.ranking import Ranked, Ranking
from vidgen_bench.leaderboard.render.notes import notes

SCHEMA = 1


def render_json(rankings: Sequence[Ranking], faults: Sequence[str] = ()) -> str:
    """Return the rankings and the faults of invalid record files as JSON."""
    table = {"schema": SCHEMA, "rankings": [_ranking(r) for r in rankings], "faults": list(faults)}
    return json.dumps(table, indent=2, ensure_ascii=False) + "\n"


def _ranking(ranking: Ranking) -> dict[str, Any]:
    record, records = ranking.record, [r for row in ranking.rows for r in row.row.records]
    return {
        "track": {
            "name": ranking.names[0],
            "names": list(ranking.names),
            "fingerprint": record.track.fingerprint,
            "ranked": ranking.ranked,
            "declared": record.track.declared,
        },
        "data": {"name": record.data.name, "fingerprint": record.data.fingerprint},
        "protocol": protocol_of(record),
        "protocols": {name: s.model_dump(mode="json") for r in records for name, s in r.protocols.items()},
        "measured_by": _plugins(ranking.measured_by),
        "device_model": ranking.device_model,
        "select": ranking.select,
        "better": ranking.better,
        "metrics": {name: _column(column) for name, column in ranking.metrics.items()},
        "rows": [_row(r) for r in ranking.rows],
        "anchors": {name: {m: asdict(s) for m, s in scores.items()} for name, scores in ranking.anchors.scores.items()},
        "notes": notes(ranking),
    }


def _plugins(measured_by: Measuring) -> list[dict[str, str]]:
    return [{"kind": kind, "name": name, "distribution": owner} for kind, name, owner in measured_by]


def _column(column: Column) -> dict[str, Any]:
    return {
        "title": column.title,
        "better": column.better,
        "extra": column.extra,
        "caveat": column.caveat,
        "protocol": column.source.protocol,
        "measured_by": _plugins(column.source.measured_by),
        "better_disputed_in": list(column.disputed),
    }


def _row(ranked: Ranked) -> dict[str, Any]:
    row, first = ranked.row, ranked.row.records[0]
    return {
        "rank": list(ranked.rank) if ranked.rank else None,
        "spec": row.spec,
        "given": row.given,
        "options": row.options,
        "scores": {name: asdict(summary) for name, summary in row.scores.items()},
        "parameters": {"temporal": first.parameters.temporal, "parts": first.parameters.parts},
        "status": status(ranked),
        "runs": [_run(entry) for entry in row.entries],
    }


def _run(entry: Entry) -> dict[str, Any]:
    record = entry.record
    return {
        "file": str(entry.path),
        "seed": record.seed,
        "status": record.status,
        "iterations": record.spent.iterations,
        "best_iteration": record.best.iteration if record.best else None,
        "device_hours": record.measured.device_hours,
        "world": record.environment.world,
        "hardware": record.measured.hardware,
        "external": record.external.model_dump() if record.external else None,
        "values": {name: list(score.values) for name, score in record.scores.items()},
        "refused": {name: metric.refused for name, metric in record.metrics.items() if metric.refused},
    }


def status(ranked: Ranked) -> str:
    """Return ``finished``, ``external``, ``diverged``, or ``1 of 2 diverged``."""
    diverged, runs = ranked.row.diverged, len(ranked.row.entries)
    if ranked.row.external:
        return "external"
    if diverged == runs:
        return "diverged"
    return f"{diverged} of {runs} diverged" if diverged else "finished"
