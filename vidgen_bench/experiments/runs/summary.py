"""One line about a run folder: where the run stands, its scores, its size and its age."""

from __future__ import annotations

import datetime
import os
import re
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.run.standing import Standing, damaged, standing_of
from vidgen_bench.experiments.runs.chosen import name_of
from vidgen_bench.records.entries import TracePoint
from vidgen_bench.records.record import Record

_BEST = re.compile(r"best-(\d{1,18})\.pt")


@dataclass(frozen=True)
class RunSummary:
    """A run folder at a glance."""

    name: str
    """``TRACK/SPEC/seed-N`` below the folder of runs, or its path if it lies elsewhere."""
    folder: Path
    standing: Standing
    metric: str | None
    """The metric by which the track selects; None if nothing says so yet."""
    last: float | None
    """Its value at the last evaluation."""
    best: float | None
    """Its value at the evaluation that was the best so far."""
    best_iteration: int | None
    final: float | None
    """Its mean over the final batches, if the run is finished."""
    files: int
    bytes: int
    age: float | None
    """Seconds since the run ended, or since its folder was last written; None if nobody knows."""

    def values(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return {
            **self.standing.values(),
            **{key: value for key, value in vars(self).items() if key not in ("standing", "age")},
            "heartbeat_age": self.standing.age,
            "age": self.age,
            "folder": str(self.folder),
        }


def summary_of(folder: Path, runs: Path, now: datetime.datetime) -> RunSummary:
    """Return the summary of a run folder; one that cannot be read has the state ``damaged``, and its message says why.

    Args:
        folder: the run folder.
        runs: the folder of runs.
        now: the time from which ages are counted, with its time zone.
    """
    name, within = name_of(folder, runs), RunFolder(folder)
    standing, record = standing_of(name, within, now)
    trace: Sequence[TracePoint] = record.trace if record else ()
    metric = None
    if record is not None:
        metric = record.track.evaluation.get("select")
    elif standing.state != "damaged":
        try:
            request, trace = within.request(), within.trace()
            metric = _selects(request)
            standing = _with_progress(standing, trace, request)
        except VidgenBenchError as error:
            standing = damaged(name, error)
    metric = metric if isinstance(metric, str) else next(iter(trace[-1].scores), None) if trace else None
    best = record.best.iteration if record and record.best else _best_iteration(folder)
    scored = {point.iteration: point.scores for point in trace}
    files, size, written = measured(folder)
    return RunSummary(
        name,
        folder,
        standing,
        metric,
        last=trace[-1].scores.get(metric or "") if trace else None,
        best=scored.get(best, {}).get(metric or "") if best is not None else None,
        best_iteration=best,
        final=record.scores[metric].mean if record and metric in record.scores else None,
        files=files,
        bytes=size,
        age=_age(record, written, now),
    )


def measured(folder: Path) -> tuple[int, int, float | None]:
    """Return the number of files in a folder, their bytes, and when the last was written; nothing behind a link counts.

    Empty lock files are not counted. A file that is deleted meanwhile counts as nothing.
    """
    count, total, last = 0, 0, None
    for inside, _, names in os.walk(folder, followlinks=False):
        for name in names:
            with suppress(OSError):
                found = os.lstat(os.path.join(inside, name))
                if name == ".lock" or not stat.S_ISREG(found.st_mode):
                    continue
                count, total = count + 1, total + found.st_size
                last = found.st_mtime if last is None else max(last, found.st_mtime)
    return count, total, last


def _selects(request: dict[str, Any] | None) -> Any:
    """Return the metric by which a run's track selects, as its request declares it."""
    declared = (request or {}).get("declared")
    evaluation = declared.get("evaluation") if isinstance(declared, dict) else None
    return evaluation.get("select") if isinstance(evaluation, dict) else None


def _with_progress(standing: Standing, trace: Sequence[TracePoint], request: dict[str, Any] | None) -> Standing:
    """Return a standing with what the trace tells, for a run folder without ``status.json``."""
    if standing.attempt or not trace:
        return standing
    declared = (request or {}).get("declared")
    budget = declared.get("budget") if isinstance(declared, dict) else None
    total = budget.get("iterations") if isinstance(budget, dict) else None
    share = min(trace[-1].iteration / total, 1.0) if isinstance(total, int) and total > 0 else 0.0
    return replace(standing, iteration=trace[-1].iteration, share=share, scores=trace[-1].scores)


def _best_iteration(folder: Path) -> int | None:
    """Return the iteration of the best checkpoint in a folder."""
    found = []
    with suppress(OSError):
        found = [int(match[1]) for name in os.listdir(folder) if (match := _BEST.fullmatch(name))]
    return max(found, default=None)


def _age(record: Record | None, written: float | None, now: datetime.datetime) -> float | None:
    """Return the seconds since a run ended: by its record, which a copy of the folder keeps, or by the time of its files."""
    if record is not None:
        with suppress(ValueError, TypeError, OverflowError):
            return max((now - datetime.datetime.fromisoformat(record.measured.finished)).total_seconds(), 0.0)
    return None if written is None else max(now.timestamp() - written, 0.0)
