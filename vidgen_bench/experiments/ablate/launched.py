"""Run the jobs of a suite through a launcher: the same results as one after another, in the order in which they end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.experiments.ablate.members import Ablation, Job, Key
from vidgen_bench.experiments.ablate.running import Result, message_of
from vidgen_bench.experiments.launch.chosen import ChosenLauncher
from vidgen_bench.experiments.launch.driver import PAUSE, Driver
from vidgen_bench.experiments.launch.runs import Run, tasks_of
from vidgen_bench.experiments.launch.task import Watcher
from vidgen_bench.experiments.run.plan import Plan
from vidgen_bench.records.record import read_record


def runs_of(ablation: Ablation, plans: Mapping[Key, Plan]) -> list[Run]:
    """Return the runs of a suite, in the order of its jobs."""
    return [Run(str(job), plans[job.member.key], job.seed, job.aside) for job in ablation.jobs]


def split_finished(jobs: Sequence[Job], runs: Sequence[Run]) -> tuple[list[Result], list[Run]]:
    """Return the results of the jobs that need no process, because they are finished or cannot run, and the other runs."""
    results, left = [], []
    for job, run in zip(jobs, runs, strict=True):
        try:
            if run.is_finished():
                results.append(Result(job, read_record(job.folder.record_path), already=True))
            else:
                left.append(run)
        except VidgenBenchError as error:
            results.append(Result(job, None, failure=message_of(error)))
    return results, left


def carry_out_launched(
    ablation: Ablation, runs: Sequence[Run], launcher: ChosenLauncher, watcher: Watcher, pause: float = PAUSE
) -> Iterator[Result]:
    """Yield the results of the jobs as they end; a failed job does not stop the others.

    Raises:
        Interrupted: Ctrl-C or another signal; :class:`Driver` says what becomes of the jobs.
        DataError: a fault of the suite's own data, which would fail the other jobs too.
        VidgenBenchError: the launcher cannot start jobs.
    """
    ended, left = split_finished(ablation.jobs, runs)
    yield from ended
    by_key = {run.key: job for run, job in zip(runs, ablation.jobs, strict=True)}
    for outcome in Driver(launcher, tasks_of(left), watcher).outcomes(pause):
        job = by_key.get(outcome.task.key)
        if job is not None:
            yield (
                _result(job)
                if outcome.state == "done"
                else Result(job, None, failure=_failure(outcome.state, outcome.text))
            )


def _failure(state: str, text: str) -> str:
    return f"not started: {text}" if state == "not started" else text


def _result(job: Job) -> Result:
    try:
        return Result(job, read_record(job.folder.record_path))
    except VidgenBenchError as error:  # it was moved away or damaged since
        return Result(job, None, failure=message_of(error))
