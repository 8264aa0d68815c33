"""Start runs through a launcher and leave, end them, or say what would be started."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vidgen_bench.cli.console import output, say

if TYPE_CHECKING:
    from vidgen_bench.experiments.launch.chosen import ChosenLauncher
    from vidgen_bench.experiments.launch.runs import Run


def print_jobs(runs: Sequence[Run], launcher: ChosenLauncher) -> None:
    """Print the launcher and the number of jobs that it would get."""
    from vidgen_bench.experiments.launch.carrying import split_finished
    from vidgen_bench.experiments.launch.runs import check_device, tasks_of

    check_device(run.plan.request for run in runs)
    tasks = tasks_of(split_finished(runs)[1])
    first = sum(task.needs is None for task in tasks)
    what = f"{_jobs(len(tasks))}, of which {first} prepare{'s' if first == 1 else ''} what the runs share"
    say(f"\non {launcher.name}: {what if tasks else 'nothing to do'}")


def leave_runs(runs: Sequence[Run], launcher: ChosenLauncher) -> None:
    """Submit the runs that are neither finished nor submitted, and print where all of them stand."""
    from vidgen_bench.cli.watch_view import table
    from vidgen_bench.experiments.launch.carrying import split_finished
    from vidgen_bench.experiments.launch.driver import Driver
    from vidgen_bench.experiments.launch.runs import check_device, tasks_of
    from vidgen_bench.experiments.launch.standing import Standings

    check_device(run.plan.request for run in runs)
    driver = Driver(launcher, tasks_of(split_finished(runs)[1]))
    started = len(driver.submit())
    output().print(table(Standings(runs).read()))
    there = len(driver.jobs) - started
    before = f"; {_jobs(there)} of an earlier command {'is' if there == 1 else 'are'} still there" if there > 0 else ""
    say(f"{_jobs(started)} submitted to {launcher.name}{before}. The same command shows where they are and goes on.")


def end_runs(runs: Sequence[Run], launcher: ChosenLauncher) -> None:
    """End the jobs that the launcher has of these runs, and report how many there were."""
    from vidgen_bench.experiments.launch.driver import Driver
    from vidgen_bench.experiments.launch.runs import tasks_of

    driver = Driver(launcher, tasks_of(runs))
    driver.find()
    ended = driver.cancel()
    say(f"{_jobs(len(ended))} ended in {launcher.name}." + (" What they had saved is kept." if ended else ""))


def _jobs(count: int) -> str:
    return f"{count} job{'' if count == 1 else 's'}"
