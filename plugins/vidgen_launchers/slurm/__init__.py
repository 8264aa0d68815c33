"""slurm: jobs as arrays of a Slurm cluster, through sbatch, squeue, scontrol and scancel: the declaration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidgen_bench import hookimpl
from vidgen_bench.api import Job, option

if TYPE_CHECKING:
    from vidgen_launchers.slurm.handle import SlurmHandle


@dataclass(frozen=True)
class SlurmOptions:
    """The options of slurm."""

    partition: str = option("", "partition; the cluster's default if empty")
    account: str = option("", "account that is charged; yours if empty")
    qos: str = option("", "quality of service; the cluster's default if empty")
    minutes: int | None = option(None, "time limit of a job; a job that meets it continues in a new one", at_least=1)
    warning: int = option(120, "seconds before the time limit at which a job is asked to save and end", at_least=1)
    gres: str = option("gpu", "what a GPU is called: gpu, gpu:a100; empty on a cluster that does not count GPUs")
    gpus: int | None = option(None, "GPUs per job, instead of those that vidgen-bench requests", at_least=0)
    cpus: int | None = option(None, "cores per job, instead of those that vidgen-bench requests", at_least=1)
    memory: str = option("", "memory per job, as sbatch --mem takes it: 16G; what vidgen-bench requests if empty")
    parallel: int | None = option(None, "most jobs of an array that run at the same time", at_least=1)
    arguments: str = option("", "further arguments of sbatch: '--constraint=a100 --exclude=node3'")
    setup: str = option("", "a line of shell that runs first on the node: 'module load cuda'")
    interval: float = option(10.0, "seconds between two questions to Slurm", at_least=0.1)


@dataclass(frozen=True)
class Slurm:
    """Jobs are the tasks of an array; a job that Slurm preempts, or that meets its time limit, is queued again by itself."""

    name: str = "slurm"
    summary: str = "arrays of a Slurm cluster: sbatch, squeue, scontrol, scancel; no accounting needed"
    api: str = "1.2"
    reference: str = "docs/scale.md"
    options: type = SlurmOptions
    outlives: bool = True

    def refuses(self, options: SlurmOptions) -> str | None:
        """Refuse a machine without Slurm's commands, and arguments that are not words."""
        from vidgen_launchers.slurm.commands import missing_commands
        from vidgen_launchers.slurm.request import argument_fault

        if missing := missing_commands():
            return (
                f"{', '.join(missing)} not found: start the command on a machine of the cluster, such as its login node"
            )
        return argument_fault(options)

    def submit(self, jobs: Sequence[Job], options: SlurmOptions) -> SlurmHandle:
        """Submit one array per group of jobs that need the same."""
        from vidgen_launchers.slurm.handle import SlurmHandle
        from vidgen_launchers.slurm.submission import submit_arrays

        return SlurmHandle(submit_arrays(jobs, options), options.interval)

    def attach(self, jobs: Sequence[Job], options: SlurmOptions) -> SlurmHandle:
        """Find the jobs by the file that their submission left beside their log."""
        from vidgen_launchers.slurm.handle import SlurmHandle
        from vidgen_launchers.slurm.submission import find_submitted

        return SlurmHandle(find_submitted(jobs), options.interval)


@hookimpl
def vidgen_launchers() -> tuple[Slurm, ...]:
    """Return slurm."""
    return (Slurm(),)
