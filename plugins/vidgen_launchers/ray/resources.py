"""What a job needs, as Ray counts it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidgen_bench.api import Job

if TYPE_CHECKING:
    from vidgen_launchers.ray import RayOptions


def adjusted(job: Job, options: RayOptions) -> Job:
    """Return the job with the GPUs, cores and memory that the options choose instead."""
    memory = job.memory if options.memory is None else int(options.memory * 2**30)
    gpus = job.gpus if options.gpus is None else options.gpus
    return replace(job, gpus=gpus, cpus=options.cpus or job.cpus, memory=memory)


def needs(job: Job, options: RayOptions) -> dict[str, float]:
    """Return the resources of a job by Ray's names of them, without those of which it needs none."""
    job = adjusted(job, options)
    counts = {"CPU": float(job.cpus), "GPU": float(job.gpus), "memory": float(job.memory or 0)}
    return {name: amount for name, amount in counts.items() if amount}
