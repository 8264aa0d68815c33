"""Where a run stands, read from the files of its folder alone, so that any machine that shares the folder can tell."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.experiments.run.attempts import read_attempts
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.run.status import Status, read_status
from vidgen_bench.records.record import Record
from vidgen_bench.system.regular_files import is_there

SILENT_AFTER = 180.0
"""Seconds without a heartbeat after which a run is shown as silent: it is killed, or its machine or file system hangs."""

State = Literal[
    "waiting", "begun", "preparing", "training", "scoring", "silent", "stopped", "failed", "done", "diverged", "damaged"
]

_LIVE = ("preparing", "training", "scoring")
_ENDED = ("done", "diverged", "failed", "damaged")


@dataclass(frozen=True)
class Standing:
    """Where one run stands."""

    name: str
    state: State
    iteration: int = 0
    share: float = 0.0
    scores: Mapping[str, float] = field(default_factory=dict)
    host: str = ""
    device: str = ""
    job: str = ""
    attempt: int = 0
    age: float | None = None
    """Seconds since its last heartbeat; None unless it runs."""
    message: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more is to come unless somebody starts it again."""
        return self.state in _ENDED

    def values(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return {**vars(self), "scores": dict(self.scores)}


def standing_of(name: str, folder: RunFolder, now: datetime.datetime) -> tuple[Standing, Record | None]:
    """Return where a run stands, and its record if it is finished; a folder that cannot be read is ``damaged``.

    Args:
        name: what to call it.
        folder: its folder.
        now: the time from which the age of a heartbeat is counted, with its time zone.
    """
    try:
        status = read_status(folder.path)
        if folder.is_finished() and (record := folder.record()) is not None:
            return finished(name, record, status), record
        begun = is_there(folder.path / "request.json")
    except VidgenBenchError as error:
        return damaged(name, error), None
    return _unfinished(name, folder, status, begun, now), None


def damaged(name: str, error: VidgenBenchError) -> Standing:
    """Return the standing of a run whose folder cannot be read."""
    return Standing(name, "damaged", message=" ".join(str(error).split()))


def finished(name: str, record: Record, status: Status | None) -> Standing:
    """Return the standing of a finished run: the score is that of the metric by which its track selects."""
    watched = record.track.evaluation.get("select")
    scores = {watched: record.scores[watched].mean} if watched in record.scores else {}
    state: State = "diverged" if record.status == "diverged" else "done"
    return Standing(name, state, record.spent.iterations, 1.0, scores, **_where(status))


def _unfinished(name: str, folder: RunFolder, status: Status | None, begun: bool, now: datetime.datetime) -> Standing:
    if status is None:
        return Standing(name, "begun" if begun else "waiting")
    age = max((now - status.heartbeat).total_seconds(), 0.0) if status.state in _LIVE else None
    state: State = "silent" if age is not None and age > SILENT_AFTER else status.state
    return Standing(
        name,
        state,
        status.iteration,
        status.share,
        status.scores,
        age=age,
        message=status.message or _before(folder),
        **_where(status),
    )


def _before(folder: RunFolder) -> str:
    """Return how the attempt before this one ended, "" for the first."""
    attempts = read_attempts(folder.path)
    return f"attempt {attempts[-1].attempt}: {attempts[-1].message}" if attempts and attempts[-1].message else ""


def _where(status: Status | None) -> dict[str, Any]:
    if status is None:
        return {}
    return {"host": status.host, "device": status.device, "job": status.job, "attempt": status.attempt}


def counted(standings: Sequence[Standing]) -> str:
    """Return ``12 runs: 3 done, 2 training, 7 waiting``."""
    found: dict[str, int] = {}
    for standing in standings:
        found[standing.state] = found.get(standing.state, 0) + 1
    several = "" if len(standings) == 1 else "s"
    return f"{len(standings)} run{several}: {', '.join(f'{number} {state}' for state, number in found.items())}"
