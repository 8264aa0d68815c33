"""Submits jobs as arrays, and finds them again: a file beside each log has the names of its array and task."""

from __future__ import annotations

import json
import os
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vidgen_bench.api import Job
from vidgen_bench.errors import VidgenBenchError
from vidgen_launchers.slurm.commands import call
from vidgen_launchers.slurm.queue import Place, read_queue
from vidgen_launchers.slurm.request import Needs, arguments, needs
from vidgen_launchers.slurm.script import batch_script

if TYPE_CHECKING:
    from vidgen_launchers.slurm import SlurmOptions

LARGEST = 1000
"""Tasks of an array: Slurm's MaxArraySize is 1001 unless a cluster changes it."""


@dataclass(frozen=True)
class Submitted:
    """A job, and its place in an array."""

    job: Job
    place: Place


def submission_file(job: Job) -> Path:
    """Return the file beside the log that says in which array the job is."""
    return job.log.with_name(f".{job.key}.slurm")


def submit_arrays(jobs: Sequence[Job], options: SlurmOptions) -> list[Submitted]:
    """Submit the jobs, one array per group with the same needs.

    Raises:
        VidgenBenchError: Slurm refuses one of them, or a folder cannot be written; arrays that it had accepted are cancelled.
    """
    numbers: dict[str, str] = {}
    submitted: list[Submitted] = []
    try:
        for group in _groups(jobs):
            name = f"vidgen-{uuid.uuid4().hex[:12]}"
            places = [Submitted(job, Place(name, number)) for number, job in enumerate(group)]
            for entry in places:  # first, so that a process that dies here leaves no job that nobody finds
                _write(entry)
            array = (
                call(_sbatch(name, group, options, numbers), batch_script(name, group, options)).strip().split(";")[0]
            )
            numbers |= {entry.job.key: f"{array}_{entry.place.task}" for entry in places}
            submitted += places
    except VidgenBenchError:
        for name in {entry.place.array for entry in submitted}:
            with suppress(VidgenBenchError):
                call(["scancel", f"--name={name}"])
        raise
    return submitted


def find_submitted(jobs: Sequence[Job]) -> list[Submitted]:
    """Return those jobs that wait or run, with their places.

    Raises:
        VidgenBenchError: Slurm does not answer.
    """
    known = [Submitted(job, place) for job in jobs if (place := _read(job))]
    queue = read_queue({entry.place.array for entry in known})
    return [entry for entry in known if (row := queue.find(entry.place)) and not row.has_ended]


def _groups(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Yield the jobs of each array: in order, and after those that they wait for."""
    groups: dict[Needs, list[Job]] = {}
    for job in jobs:
        groups.setdefault(needs(job), []).append(job)
    given, left = set[str](), list(groups.values())
    while left:
        ready = next((g for g in left if given.issuperset(g[0].after)), None)
        if ready is None:
            raise VidgenBenchError(
                f"{left[0][0].name} waits for a job that is not among those submitted, or for itself."
            )
        left.remove(ready)
        given |= {job.key for job in ready}
        yield from (ready[start : start + LARGEST] for start in range(0, len(ready), LARGEST))


def _sbatch(name: str, group: Sequence[Job], options: SlurmOptions, numbers: dict[str, str]) -> list[str]:
    limit = f"%{options.parallel}" if options.parallel else ""
    more = f" and {len(group) - 1} more" if len(group) > 1 else ""
    after = ":".join(numbers[key] for key in group[0].after)
    return [
        "sbatch",
        "--parsable",
        f"--job-name={name}",
        f"--comment=vidgen-bench: {group[0].name}{more}",
        f"--array=0-{len(group) - 1}{limit}",
        *([f"--dependency=afterok:{after}"] if after else []),
        *arguments(group[0], options),
    ]


def _write(entry: Submitted) -> None:
    path = submission_file(entry.job)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f"{path.name}.", suffix=".part", delete=False
        ) as part:
            part.write(json.dumps({"array": entry.place.array, "task": entry.place.task}) + "\n")
        os.replace(part.name, path)
    except OSError as error:
        raise VidgenBenchError(f"{path} cannot be written: {error.strerror}.") from None


def _read(job: Job) -> Place | None:
    """Return the place that the last submission of a job wrote; None if there is none, or if it is damaged."""
    try:
        values = json.loads(submission_file(job).read_text())
        return Place(str(values["array"]), int(values["task"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
