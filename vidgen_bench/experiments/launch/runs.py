"""The tasks of a set of runs: one per run that is not finished, after one per distinct track that prepares what the runs share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidgen_bench.api import Job
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.experiments.launch.chosen import gpus_for
from vidgen_bench.experiments.launch.commands import name_or_file, reference_arguments, run_arguments
from vidgen_bench.experiments.launch.task import Task, key_of, run_key
from vidgen_bench.experiments.run.changed_code import changed, require_same_code
from vidgen_bench.experiments.run.folder import LOG, RunFolder
from vidgen_bench.experiments.run.plan import Plan, Request
from vidgen_bench.system.device import choose_device

PREPARED = "prepare"
"""The folder of the logs of preparing tasks, inside the folder of runs."""


@dataclass(frozen=True)
class Run:
    """One run of a plan, and whether other runs need the data of its track too."""

    name: str
    plan: Plan
    seed: int
    aside: bool = False

    @property
    def folder(self) -> RunFolder:
        """Its folder."""
        return self.plan.folder(self.seed)

    @property
    def key(self) -> str:
        """The key of its job."""
        return run_key(self.folder.path)

    def is_finished(self) -> bool:
        """Return whether it has a record that stays, after checking that the folder belongs to this run.

        Raises:
            ChangedCodeError: its code has changed, and the request does not say what to do then.
            VidgenBenchError: the folder belongs to another run, or cannot be read.
        """
        if not self.folder.is_finished():
            return False
        change = changed(self.plan, self.seed)
        require_same_code([(self.plan, self.seed)])
        return change is None or self.plan.request.where_changed == "accept"


def tasks_of(runs: Sequence[Run]) -> list[Task]:
    """Return the tasks of these runs, none of which is finished: first those that prepare, each before the runs that need it."""
    prepare: dict[str, list[Run]] = {}
    for run in runs:
        prepare.setdefault(_prepare_key(run.plan.request), []).append(run)
    first = [_prepare(key, its) for key, its in prepare.items()]
    return first + [_run(run, _prepare_key(run.plan.request)) for run in runs]


def check_device(requests: Iterable[Request]) -> None:
    """Check what can be checked here of the devices of jobs that may run elsewhere.

    Raises:
        RequestError: there is no such device, or it is one GPU of this machine.
    """
    for device in {request.device for request in requests}:
        gpus_for(device)
        if device != "cuda":  # the jobs may run where there are GPUs
            choose_device(device)


def _run(run: Run, needs: str) -> Task:
    request = run.plan.request
    threads = request.threads or _threads_before(run.folder) or 1
    job = Job(
        name=run.name,
        key=run.key,
        arguments=run_arguments(request, run.seed, threads),
        log=run.folder.path.absolute() / LOG,
        gpus=gpus_for(request.device),
        cpus=threads,
    )
    return Task(job, needs, run.is_finished)


def _threads_before(folder: RunFolder) -> int | None:
    """Return the number of threads that a run began with, which its scores depend on; None if it has not begun."""
    try:
        before = folder.request()
    except VidgenBenchError:  # its process says so
        return None
    return int(before["environment"]["threads"]) if before else None


def _prepare(key: str, runs: Sequence[Run]) -> Task:
    request = runs[0].plan.request
    threads = request.threads or 1
    job = Job(
        name=f"prepare {runs[0].plan.track.data.name} for {runs[0].plan.track.name}",
        key=key,
        arguments=reference_arguments(request, threads),
        log=request.runs.absolute() / PREPARED / f"{key}.txt",
        gpus=gpus_for(request.device),
        cpus=threads,
    )
    return Task(job, fatal=not all(run.aside for run in runs))


def _prepare_key(request: Request) -> str:
    """Return the key of the task that prepares for a request: the same for all requests with the same real clips and kind of device."""
    source = request.source
    where = [path and Path(path).absolute() for path in (source.folder, source.splits)]
    return key_of(
        "prepare", name_or_file(request.track), *where, source.allow_missing, request.device, request.runs.absolute()
    )
