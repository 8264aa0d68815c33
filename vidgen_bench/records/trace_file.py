"""The trace of a run, ``trace.jsonl``: one evaluation per line. This module imports no torch, so that a run can be planned without."""

from __future__ import annotations

import itertools
from pathlib import Path

from vidgen_bench.errors import DamagedError
from vidgen_bench.records.entries import TracePoint

TRACE = "trace.jsonl"
"""The file name of the trace."""


def damaged(path: Path, why: str) -> DamagedError:
    """Return the error for a checkpoint or trace that has changed since it was written."""
    return DamagedError(f"{path} is damaged: {why}. Restore it from a copy, or delete its run folder to start afresh.")


def parse_trace(content: bytes, path: Path) -> list[TracePoint]:
    """Return the evaluations in a trace; ``path`` is the file in messages.

    Raises:
        DamagedError: a line is not an evaluation, or does not follow the one before it.
    """
    try:
        points = [TracePoint.model_validate_json(line) for line in content.decode().splitlines()]
    except ValueError:
        raise damaged(path, "expected one evaluation per line") from None
    if any(b.iteration <= a.iteration for a, b in itertools.pairwise(points)):
        raise damaged(path, "its evaluations are not in order")
    return points
