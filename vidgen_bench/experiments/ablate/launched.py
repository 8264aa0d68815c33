"""Run the jobs of a suite through a launcher: the same results as one after another, in the order in which they end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vidgen_bench.experiments.ablate.members import Ablation, Key
from vidgen_bench.experiments.ablate.running import Result
from vidgen_bench.experiments.launch.carrying import carry_out_runs
from vidgen_bench.experiments.launch.chosen import ChosenLauncher
from vidgen_bench.experiments.launch.driver import PAUSE
from vidgen_bench.experiments.launch.runs import Run
from vidgen_bench.experiments.launch.task import Watcher
from vidgen_bench.experiments.run.plan import Plan


def runs_of(ablation: Ablation, plans: Mapping[Key, Plan]) -> list[Run]:
    """Return the runs of a suite, in the order of its jobs."""
    return [Run(str(job), plans[job.member.key], job.seed, job.aside) for job in ablation.jobs]


def carry_out_launched(
    ablation: Ablation, plans: Mapping[Key, Plan], launcher: ChosenLauncher, watcher: Watcher, pause: float = PAUSE
) -> Iterator[Result]:
    """Yield the results of the jobs as they end; a failed job does not stop the others.

    Raises:
        Interrupted: Ctrl-C or another signal. Jobs that end with this process have saved their runs; others go on.
        DataError: a fault of the suite's own data, which would fail the other jobs too.
        VidgenBenchError: the launcher cannot start jobs.
    """
    runs = runs_of(ablation, plans)
    jobs = {run.key: job for run, job in zip(runs, ablation.jobs, strict=True)}
    for result in carry_out_runs(runs, launcher, watcher, pause):
        yield Result(jobs[result.run.key], result.record, result.already, result.failure)
