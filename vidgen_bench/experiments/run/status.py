"""``status.json``: what a run is doing, written by its process every few seconds and read from any machine."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.experiments.run.attempts import MOST_ATTEMPTS
from vidgen_bench.system.regular_files import is_there, read_file

STATUS = "status.json"
"""Its name in the run folder."""

_MOST = 2**20
"""The largest file that is read, in bytes."""

State = Literal["preparing", "training", "scoring", "done", "diverged", "failed", "stopped"]


class Status(BaseModel):
    """What a run was doing at its last heartbeat."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="strings")

    state: State
    stage: str = ""
    """The heading of the stage, as the terminal shows it."""
    iteration: int = Field(default=0, ge=0, lt=2**63)
    share: float = Field(default=0.0, ge=0.0, le=1.0)
    """Fraction of the budget that is spent."""
    scores: dict[str, float] = {}
    """The last evaluation."""
    best_iteration: int | None = None
    host: str = ""
    pid: int = 0
    device: str = ""
    """The name of the device: ``cpu``, ``cuda:0 NVIDIA H100``."""
    job: str = ""
    """The job of a batch system: ``slurm 17_3``, or ""."""
    attempt: int = Field(default=1, ge=1, le=MOST_ATTEMPTS)
    """How often the run was started, this time included."""
    started: AwareDatetime
    """When this attempt began, with its time zone."""
    heartbeat: AwareDatetime
    """When this was written, with its time zone."""
    exit_code: int | None = None
    """The exit code of the attempt once it has ended."""
    message: str = ""
    """Why it ended, on one line."""


def read_status(folder: Path) -> Status | None:
    """Return the status of the run in a folder, or None if it has none that can be read (it is for display alone)."""
    try:
        content = read_file(folder / STATUS, most=_MOST) if is_there(folder / STATUS) else None
        return None if content is None else Status.model_validate_json(content)
    except (ValidationError, VidgenBenchError, ValueError):
        return None
