"""What a group of jobs requests from Slurm, as arguments of sbatch."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from vidgen_bench.api import Job

if TYPE_CHECKING:
    from vidgen_launchers.slurm import SlurmOptions

Needs = tuple[int, int, int | None, int | None, tuple[str, ...]]
"""GPUs, cores, memory, minutes and predecessors: the tasks of an array have them in common."""


def needs(job: Job) -> Needs:
    """Return what decides about the array that a job goes to."""
    return (job.gpus, job.cpus, job.memory, job.minutes, job.after)


def adjusted(job: Job, options: SlurmOptions) -> Job:
    """Return the job with the GPUs, cores and minutes that the options choose instead."""
    gpus = job.gpus if options.gpus is None else options.gpus
    return replace(job, gpus=gpus, cpus=options.cpus or job.cpus, minutes=options.minutes or job.minutes)


def argument_fault(options: SlurmOptions) -> str | None:
    """Return why the option ``arguments`` cannot be used, or None."""
    try:
        words = shlex.split(options.arguments)
    except ValueError as error:
        return f"launcher.arguments={options.arguments!r} is not a list of words: {error}"
    if wrong := [word for word in words if not word.startswith("-")]:
        return f"launcher.arguments has {wrong[0]!r}; write every argument of sbatch as one word: --constraint=a100"
    return None


def arguments(job: Job, options: SlurmOptions) -> list[str]:
    """Return the arguments of sbatch for the needs of a job."""
    job = adjusted(job, options)
    memory = options.memory or (f"{-(-job.memory // 2**20)}M" if job.memory else "")
    chosen = {
        "--partition": options.partition,
        "--account": options.account,
        "--qos": options.qos,
        "--time": str(job.minutes) if job.minutes else "",
        "--mem": memory,
        "--gres": f"{options.gres}:{job.gpus}" if options.gres and job.gpus else "",
        "--signal": f"TERM@{options.warning}",
        "--cpus-per-task": str(job.cpus),
    }
    fixed = [
        "--nodes=1",
        "--ntasks=1",
        "--requeue",
        "--open-mode=append",
        "--output=/dev/null",
        "--kill-on-invalid-dep=yes",
    ]
    return [*fixed, *(f"{name}={value}" for name, value in chosen.items() if value), *shlex.split(options.arguments)]
