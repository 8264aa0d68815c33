"""The scores of runs over their iterations, to be drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.runs.chosen import name_of
from vidgen_bench.records.entries import MetricEntry, TracePoint
from vidgen_bench.records.record import Record


@dataclass(frozen=True)
class RunTrace:
    """The evaluations of one run, and what they may be compared with."""

    name: str
    """``TRACK/SPEC/seed-N``, or a path."""
    points: tuple[TracePoint, ...]
    best: int | None
    """The iteration of the best checkpoint of a finished run."""
    diverged: bool
    anchors: Mapping[str, Mapping[str, float]]
    """The anchors of a finished run: ``{anchor: {metric: mean}}``."""
    entries: Mapping[str, MetricEntry]
    """Title and direction of each metric of a finished run."""
    measured_as: str
    """Equal for runs whose scores may be compared: same clips, instrument, protocol and number of samples."""

    @property
    def group(self) -> str:
        """The name without the seed."""
        before, _, last = self.name.rpartition("/")
        return before if before and last.startswith("seed-") else self.name


def read_traces(folders: Sequence[Path], runs: Path) -> list[RunTrace]:
    """Return the traces of run folders.

    Args:
        folders: the run folders.
        runs: the folder of runs.
    Raises:
        RequestError: a run has no evaluation yet.
        RecordError: a file is damaged.
        UnreadableError: a file may not be read.
    """
    return [_read(folder, name_of(folder, runs)) for folder in folders]


def metrics_of(traces: Sequence[RunTrace]) -> list[str]:
    """Return the metrics that the traces have, in their order."""
    return list(dict.fromkeys(name for trace in traces for point in trace.points for name in point.scores))


def _read(folder: Path, name: str) -> RunTrace:
    within = RunFolder(folder)
    within.check()
    record = within.record()
    if record is not None:
        trace = _of_record(name, record)
    else:
        request = within.request() or {}
        trace = RunTrace(name, tuple(within.trace()), None, False, {}, {}, _measured_as(request, request.get("data")))
    if not any(point.scores for point in trace.points):
        reason = "clips from elsewhere have none" if record and record.external else "it has none yet"
        raise RequestError(f"{name} has no evaluations to draw: {reason}.")
    return trace


def _of_record(name: str, record: Record) -> RunTrace:
    return RunTrace(
        name,
        record.trace,
        record.best.iteration if record.best else None,
        record.status == "diverged",
        {anchor: {metric: score.mean for metric, score in table.items()} for anchor, table in record.anchors.items()},
        record.metrics,
        _measured_as({"declared": record.track.declared}, record.data.fingerprint),
    )


def _measured_as(request: Mapping[str, Any], data: Any) -> str:
    declared = request.get("declared")
    declared = declared if isinstance(declared, dict) else {}
    evaluation = declared.get("evaluation")
    evaluation = evaluation if isinstance(evaluation, dict) else {}
    parts = [data, *(declared.get(key) for key in ("data", "clip", "instrument"))]
    return json.dumps([*parts, *(evaluation.get(key) for key in ("protocol", "samples", "reference"))], sort_keys=True)
