"""Where runs stand, read from the files of their folders alone, so that any machine that shares the folder can tell."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.experiments.launch.runs import Run
from vidgen_bench.experiments.run.attempts import read_attempts
from vidgen_bench.experiments.run.changed_code import changed
from vidgen_bench.experiments.run.status import Status, read_status
from vidgen_bench.records.record import read_record
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


class Standings:
    """Reads where runs stand, again and again; a record is read once."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs
        self._done: dict[str, Standing] = {}

    def read(self) -> list[Standing]:
        """Return where every run stands now."""
        now = datetime.datetime.now(datetime.UTC)
        return [self._done.get(run.key) or self._read(run, now) for run in self._runs]

    def _read(self, run: Run, now: datetime.datetime) -> Standing:
        folder = run.folder
        try:
            status = read_status(folder.path)
            if folder.is_finished():
                standing = self._done[run.key] = _finished(run, status)
                return standing
            begun = is_there(folder.path / "request.json")
        except VidgenBenchError as error:
            return Standing(run.name, "damaged", message=" ".join(str(error).split()))
        return _unfinished(run, status, begun, now)


def _finished(run: Run, status: Status | None) -> Standing:
    record = read_record(run.folder.record_path)
    watched = run.plan.track.evaluation.select
    scores = {watched: record.scores[watched].mean} if watched in record.scores else {}
    state: State = "diverged" if record.status == "diverged" else "done"
    return Standing(run.name, state, record.spent.iterations, 1.0, scores, message=_code(run), **_where(status))


def _unfinished(run: Run, status: Status | None, begun: bool, now: datetime.datetime) -> Standing:
    if status is None:
        return Standing(run.name, "begun" if begun else "waiting", message=_code(run))
    age = max((now - status.heartbeat).total_seconds(), 0.0) if status.state in _LIVE else None
    state: State = "silent" if age is not None and age > SILENT_AFTER else status.state
    return Standing(
        run.name,
        state,
        status.iteration,
        status.share,
        status.scores,
        age=age,
        message=" ".join(filter(None, (status.message or _before(run), "" if age is not None else _code(run)))),
        **_where(status),
    )


def _code(run: Run) -> str:
    """Return a sentence on the code of a run that has changed since it began, "" if none has."""
    with suppress(VidgenBenchError):
        if change := changed(run.plan, run.seed):
            return f"Its code has changed since it began: {', '.join(change.packages)}."
    return ""


def _before(run: Run) -> str:
    """Return how the attempt before this one ended, "" for the first."""
    attempts = read_attempts(run.folder.path)
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
