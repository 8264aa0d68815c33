"""Run folders in every state, made in a moment."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.kit.record_files import DECLARED, record
from vidgen_bench.experiments.run.status import Status
from vidgen_bench.records.record import Record, write_record

NOW = datetime.datetime(2026, 11, 30, 12, 0, tzinfo=datetime.UTC)
TRACE = ((100, 1.5, 320.0), (200, 2.5, 250.0), (300, 2.0, 275.0))
"""Evaluations: iteration, IS, FID. The second is the best."""


def traced(spec: str = "tgan+ode1", seed: int = 0, **changes: Any) -> Record:
    """Return a record with three evaluations."""
    points = [{"iteration": i, "losses": {"generator.fake": 0.5}, "scores": {"is": a, "fid": b}} for i, a, b in TRACE]
    best = None if changes.get("diverged") else {"iteration": 200, "metric": "fid", "value": 250.0}
    return record(spec, seed, **{"trace": points, "best": best, **changes})


def finished_run(runs: Path, result: Record, name: str | None = None) -> Path:
    """Write the record and the request of a finished run, and return its folder."""
    folder = runs / (name or f"{result.track.name}/{result.spec.replace(':', '.')}/seed-{result.seed}")
    write_record(folder / "record.json", result)
    options = {key: setting.value for key, setting in result.options.items()}
    write_request(folder, result.spec, result.seed, options)
    return folder


def write_request(folder: Path, spec: str = "tgan+ode1", seed: int = 0, options: Any = None, **changes: Any) -> None:
    """Write the request of a run."""
    folder.mkdir(parents=True, exist_ok=True)
    table = {
        "spec": spec,
        "seed": seed,
        "options": {"temporal.order": 1} if options is None else options,
        "data": "v1:0123456789abcdef",
        "declared": DECLARED,
        "environment": {
            "torch": "2.6.0",
            "threads": 2,
            "device": "cpu",
            "plugins": {"backbone tgan": "vidgen-bench 0.1.0"},
        },
    }
    (folder / "request.json").write_text(json.dumps(table | changes))


def begun_run(folder: Path, trace: Sequence[tuple[int, float, float]] = (), **status: Any) -> Path:
    """Write the folder of a run that is not finished; with ``status`` as its process writes it, and its heartbeat a second ago."""
    write_request(folder)
    lines = [json.dumps({"iteration": i, "losses": {}, "scores": {"is": a, "fid": b}}) + "\n" for i, a, b in trace]
    if lines:
        (folder / "trace.jsonl").write_text("".join(lines))
    if status:
        moment = NOW - datetime.timedelta(seconds=1)
        told = Status.model_validate(
            {"started": moment, "heartbeat": moment, "host": "node3", "device": "cpu", **status}
        )
        (folder / "status.json").write_text(told.model_dump_json())
    return folder


def damaged_run(folder: Path, text: str = "{") -> Path:
    """Write the folder of a run whose record is damaged."""
    write_request(folder)
    (folder / "record.json").write_text(text)
    return folder
