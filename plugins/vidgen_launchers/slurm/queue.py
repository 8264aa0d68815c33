"""The state of jobs, as squeue shows it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from vidgen_launchers.slurm.commands import call

_FIELDS = {
    "Name": 64,
    "ArrayJobID": 20,
    "ArrayTaskID": 20,
    "State": 30,
    "exit_code": 20,
    "RestartCnt": 12,
    "BatchHost": 256,
}
"""What squeue prints of a job, and in how many columns."""

RUNNING = {"RUNNING", "COMPLETING", "SIGNALING", "STAGE_OUT", "SUSPENDED", "STOPPED", "RESIZING"}
"""States in which a process has started."""

ENDED = {
    *("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "OUT_OF_MEMORY", "DEADLINE"),
    *("NODE_FAIL", "BOOT_FAIL", "PREEMPTED", "REVOKED"),
}
"""States that a job does not leave."""


TOGETHER = -1
"""The number that stands for all tasks of an array without a row of their own."""


@dataclass(frozen=True)
class Place:
    """Where a job is: the name of its array, and the number of its task."""

    array: str
    task: int


@dataclass(frozen=True)
class Row:
    """A task of an array."""

    place: Place
    number: str
    """As scancel takes it: ``17_3``."""
    state: str
    exit_code: int
    """As a shell has it; 0 as long as there is none."""
    restarts: int
    host: str
    """The machine; "" before the job has one."""

    @property
    def has_ended(self) -> bool:
        """Whether it neither waits nor runs."""
        return self.state in ENDED

    @property
    def is_running(self) -> bool:
        """Whether its process has started and it has not ended."""
        return self.state in RUNNING


class Queue:
    """The tasks of arrays that Slurm knows."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = {row.place: row for row in rows}

    def find(self, place: Place) -> Row | None:
        """Return a task, or None if Slurm does not know it; tasks that were cancelled as they waited have one row together."""
        return self._rows.get(place) or self._rows.get(Place(place.array, TOGETHER))


def read_queue(arrays: Collection[str]) -> Queue:
    """Return the tasks of arrays that Slurm knows; it forgets one that has ended after a while, by default after five minutes.

    Raises:
        VidgenBenchError: Slurm does not answer.
    """
    if not arrays:
        return Queue(())
    fields = ",".join(f"{name}:{width}" for name, width in _FIELDS.items())
    names = ",".join(sorted(arrays))
    text = call(["squeue", f"--name={names}", "--states=all", "--array", "--noheader", f"--Format={fields}"])
    return Queue(_row(line) for line in text.splitlines())


def _row(line: str) -> Row:
    values, start = [], 0
    for width in _FIELDS.values():
        values.append(line[start : start + width].strip())
        start += width
    name, array, task, state, code, restarts, host = values
    host = "" if host in ("n/a", "(null)") else host
    place = Place(name, int(task) if task.isdigit() else TOGETHER)
    return Row(place, f"{array}_{task}" if task.isdigit() else array, state, _exit_code(code), int(restarts or 0), host)


def _exit_code(text: str) -> int:
    """Return the exit code of a wait status, ``36608``, or of ``143:0`` as other commands of Slurm print it."""
    if ":" in text:
        code, signal = (int(part) for part in text.split(":"))
    else:
        status = int(text or 0)
        code, signal = status >> 8, status & 0x7F
    return 128 + signal if signal else code
