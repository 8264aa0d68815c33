"""The table of a suite as plain values for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vidgen_bench.api import Metric
from vidgen_bench.experiments.ablate.members import Ablation, Member
from vidgen_bench.experiments.ablate.recorded import Recorded
from vidgen_bench.experiments.ablate.running import Result
from vidgen_bench.experiments.ablate.table import AblationTable, rankings_of
from vidgen_bench.experiments.ablate.values import Value, values


def json_values(ablation: Ablation, results: Sequence[Result], table: AblationTable, metric: Metric) -> dict[str, Any]:
    """Return the table with raw numbers, specs, options, seeds, folders and states."""
    suite, found = ablation.suite, values(ablation, results)
    return {
        "suite": suite.name,
        "title": suite.title,
        "reference": suite.reference,
        "metric": {"name": metric.name, "title": metric.title, "better": metric.better},
        "track": {"name": ablation.track.name, "fingerprint": ablation.track.fingerprint},
        "seeds": list(ablation.seeds),
        "rows": list(suite.rows),
        "columns": list(suite.columns),
        "cells": [
            {
                "row": cell.row,
                "column": cell.column,
                "published": cell.published.model_dump(mode="json") if cell.published else None,
                "ours": [_value(v, ablation) for v in found.get((cell.row, cell.column), [])],
            }
            for cell in suite.cells
        ],
        "anchors": {
            ranking.record.track.fingerprint: {
                name: {"mean": scores[metric.name].mean, "std": scores[metric.name].std}
                for name, scores in ranking.anchors.scores.items()
                if metric.name in scores
            }
            for ranking in rankings_of(ablation, results)
        },
        "notes": list(table.sentences),
    }


def _value(value: Value, ablation: Ablation) -> dict[str, Any]:
    member, summary = value.member, value.summary
    return {
        "spec": member.spec,
        "written": member.model.spec,
        "record": str(member.path) if isinstance(member, Recorded) else None,
        "note": member.model.note,
        "options": _options(member),
        "track": {"name": member.track.name, "fingerprint": member.track.fingerprint},
        "state": value.state,
        "reason": value.reason,
        "kinds": value.kinds,
        "mean": summary.mean if summary else None,
        "std": summary.std if summary else None,
        "over": summary.over if summary else None,
        "runs": _runs(value, ablation),
    }


def _options(member: Member | Recorded) -> dict[str, Any]:
    if isinstance(member, Recorded):
        settings = member.record.options
        return {name: setting.model_dump(mode="json") for name, setting in settings.items()}
    resolved = member.composition.resolved.settings if member.composition else {}
    return {name: setting.model_dump(mode="json") for name, setting in resolved.items()}


def _runs(value: Value, ablation: Ablation) -> list[dict[str, Any]]:
    """Return one entry per seed of the suite; for a record, the one that it holds."""
    member, metric = value.member, ablation.metric
    if isinstance(member, Recorded):
        scored = member.record.scores.get(metric)
        values = list(scored.values) if scored else None
        seed = None if member.record.external else member.record.seed
        return [
            {"seed": seed, "state": value.state, "folder": str(member.path.parent), "values": values, "failure": None}
        ]
    by_seed = {r.job.seed: r for r in value.results}
    return [_run(by_seed.get(seed), seed, member, metric) for seed in ablation.seeds if member.composition]


def _run(result: Result | None, seed: int, member: Member, metric: str) -> dict[str, Any]:
    record = result.record if result else None
    scored = record.scores.get(metric) if record else None
    return {
        "seed": seed,
        "state": result.state if result else "not run",
        "folder": str(member.folder(seed).path),
        "values": list(scored.values) if scored else None,
        "failure": result.failure if result else None,
    }
