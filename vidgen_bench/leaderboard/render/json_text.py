"""The leaderboard as JSON: numbers in full precision, the values of every run, and the record files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from vidgen_bench.escaping import json_text
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.columns import Column
from vidgen_bench.leaderboard.comparable import Measuring, protocol_of
from vidgen_bench.leaderboard.different_code import different_code
from vidgen_bench.leaderboard.estimates import Estimate
from vidgen_bench.leaderboard.ranking import Ranked, Ranking
from vidgen_bench.leaderboard.render.closing import closing
from vidgen_bench.leaderboard.render.notes import notes
from vidgen_bench.leaderboard.standings import Standing
from vidgen_bench.leaderboard.statistics.verdicts import Pair

SCHEMA = 2


def render_json(rankings: Sequence[Ranking], faults: Sequence[str] = ()) -> str:
    """Return the rankings and the faults of invalid record files as strict JSON."""
    table = {"schema": SCHEMA, "rankings": [_ranking(r) for r in rankings], "faults": list(faults)}
    return json_text(table) + "\n"


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
        "conditional": ranking.conditional,
        "device_model": ranking.device_model,
        "seeds": list(ranking.seeds),
        "family": ranking.family,
        "select": ranking.select,
        "better": ranking.better,
        "metrics": {name: _column(column) for name, column in ranking.metrics.items()},
        "rows": [_row(r) for r in ranking.rows],
        "standings": {metric: _standing(standing) for metric, standing in ranking.standings.items()},
        "anchors": {name: {m: asdict(s) for m, s in scores.items()} for name, scores in ranking.anchors.scores.items()},
        "published": [asdict(line) for line in ranking.published],
        "notes": [*notes(ranking), *closing(ranking)],
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
        "ranks": {metric: list(rank) for metric, rank in ranked.ranks.items()},
        "missing_seeds": list(ranked.missing),
        "diverged_seeds": list(ranked.diverged),
        "withdrawn_seeds": {str(seed): reason for seed, reason in ranked.withdrawn.items()},
        "errata": ranked.errata,
        "spec": row.spec,
        "given": row.given,
        "options": row.options,
        "scores": {name: estimate_values(estimate) for name, estimate in ranked.estimates.items()},
        "parameters": {"temporal": first.parameters.temporal, "parts": first.parameters.parts},
        "reconstruction": row.reconstruction,
        "null": row.null,
        "different_code": different_code(row.records),
        "status": status(ranked),
        "runs": [_run(entry) for entry in row.entries],
    }


def estimate_values(estimate: Estimate) -> dict[str, Any]:
    """Return an estimate as values for JSON."""
    interval = estimate.interval
    return {
        "mean": estimate.mean,
        "interval": [interval.low, interval.high] if interval else None,
        "interval_is_borrowed": bool(interval and interval.borrowed),
        "seeds": {str(seed): score for seed, score in sorted(estimate.seeds.items())},
        "sd_between_seeds": estimate.between_seeds,
        "sd_between_batches": estimate.between_batches,
        "optimism": estimate.optimism,
        "gain": estimate.gain,
    }


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        "resolution": asdict(standing.resolution) if standing.resolution else None,
        "pairs": [pair_values(pair) for pair in standing.pairs],
    }


def pair_values(pair: Pair) -> dict[str, Any]:
    """Return a verdict as values for JSON; ``first`` and ``second`` are positions among the rows."""
    test = pair.test
    return {
        "first": pair.first,
        "second": pair.second,
        "difference": test.difference if test else None,
        "interval": [test.difference - test.half_width, test.difference + test.half_width] if test else None,
        "df": test.df if test else None,
        "p": test.p if test else None,
        "corrected_p": pair.corrected_p,
        "verdict": str(pair.verdict),
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
        "code": record.code.packages,
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
