"""Start runs through a launcher, leave them, watch them, end them, or say what would be started."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vidgen_bench.cli.console import output, say
from vidgen_bench.errors import VidgenBenchError

if TYPE_CHECKING:
    from rich.console import Console

    from vidgen_bench.cli.launch_options import Mode
    from vidgen_bench.experiments.launch.carrying import RunResult
    from vidgen_bench.experiments.launch.chosen import ChosenLauncher
    from vidgen_bench.experiments.launch.driver import Driver
    from vidgen_bench.experiments.launch.runs import Run
    from vidgen_bench.experiments.run.plan import Plan


def launch_seeds(
    console: Console, plan: Plan, seeds: Sequence[int], launcher: ChosenLauncher | None, mode: Mode | None
) -> list[str]:
    """Carry out some seeds of a plan through a launcher, or do what the mode says; return the seeds that diverged.

    Raises:
        VidgenBenchError: a run failed; the text lists all that did.
    """
    from vidgen_bench.cli.launch_view import LaunchView
    from vidgen_bench.experiments.launch.carrying import carry_out_runs
    from vidgen_bench.experiments.launch.runs import Run

    runs = [Run(f"{plan.composition.resolved} seed {seed}", plan, seed) for seed in seeds]
    if launcher is None or mode is not None:
        perform(mode or "watch", runs, launcher)
        return []
    results = []
    with LaunchView(console, runs) as view:
        for result in carry_out_runs(runs, launcher, view):
            results.append(result)
            mark = f"[{runs.index(result.run) + 1}]"
            console.print(f"{mark} {_summary(result)}", markup=False, highlight=False)
    if failed := [result for result in results if result.record is None]:
        lines = [f"  {result.run.name}: {result.failure}" for result in failed]
        others = "; the others are done" if len(failed) < len(results) else ""
        count = f"{len(failed)} of {len(results)} runs failed{others}"
        raise VidgenBenchError("\n".join([f"{count}. Run the same command to try them again:", *lines]))
    return [str(r.run.seed) for r in results if r.record is not None and r.record.status == "diverged"]


def perform(mode: Mode, runs: Sequence[Run], launcher: ChosenLauncher | None) -> None:
    """Do with the runs what a mode says; all but ``watch`` have a launcher."""
    if mode == "watch" or launcher is None:
        from vidgen_bench.cli.watch_view import watch

        watch(runs)
    else:
        {"dry_run": print_jobs, "detach": leave_runs, "cancel": end_runs}[mode](runs, launcher)


def _summary(result: RunResult) -> str:
    """Return a line on how a run ended."""
    from vidgen_bench.cli.outcome_view import number

    if result.record is None:
        return f"failed: {result.failure}"
    where, name = result.run.folder.record_path, result.run.plan.track.evaluation.select
    state = "already done" if result.already else "done"
    if result.record.status == "diverged":
        return f"{state}: diverged  {where}"
    return f"{state}: {result.record.metrics[name].title} {number(result.record.scores.get(name))}  {where}"


def print_jobs(runs: Sequence[Run], launcher: ChosenLauncher) -> None:
    """Print the launcher and the number of jobs that it would get."""
    from vidgen_bench.experiments.launch.carrying import split_finished
    from vidgen_bench.experiments.launch.runs import check_device, tasks_of

    check_device(run.plan.request for run in runs)
    results, left = split_finished(runs)
    tasks = tasks_of(left)
    first = sum(task.needs is None for task in tasks)
    what = f"{_jobs(len(tasks))}, of which {first} prepare{'s' if first == 1 else ''} what the runs share"
    say(f"\non {launcher.name}: {what if tasks else 'nothing to do'}")
    _require_startable(results)


def leave_runs(runs: Sequence[Run], launcher: ChosenLauncher) -> None:
    """Submit the runs that are neither finished nor submitted, and print where all of them stand."""
    from vidgen_bench.cli.watch_view import table
    from vidgen_bench.experiments.launch.carrying import split_finished
    from vidgen_bench.experiments.launch.driver import Driver
    from vidgen_bench.experiments.launch.runs import check_device, tasks_of
    from vidgen_bench.experiments.launch.standing import Standings

    check_device(run.plan.request for run in runs)
    results, left = split_finished(runs)
    driver = Driver(launcher, tasks_of(left))
    started = len(driver.submit())
    output().print(table(Standings(runs).read()))
    there = len(driver.jobs) - started
    before = f"; {_jobs(there)} of an earlier command {'is' if there == 1 else 'are'} still there" if there > 0 else ""
    say(f"{_jobs(started)} submitted to {launcher.name}{before}. The same command shows where they are and goes on.")
    _require_startable(results)


def _require_startable(results: Sequence[RunResult]) -> None:
    """Raise VidgenBenchError, after all others are submitted, if a run cannot start: its folder is damaged or another run's."""
    if failed := [f"  {result.run.name}: {result.failure}" for result in results if result.failure is not None]:
        several = "1 run" if len(failed) == 1 else f"{len(failed)} runs"
        raise VidgenBenchError("\n".join([f"{several} cannot be started:", *failed]))


def end_runs(runs: Sequence[Run], launcher: ChosenLauncher) -> None:
    """End the jobs that the launcher has of these runs, and report how many there were."""
    from vidgen_bench.experiments.launch.driver import Driver
    from vidgen_bench.experiments.launch.runs import tasks_of

    cancel_jobs(Driver(launcher, tasks_of(runs)), launcher)


def cancel_jobs(driver: Driver, launcher: ChosenLauncher) -> None:
    """End the jobs that a launcher has of a driver's tasks, and report how many there were."""
    driver.find()
    ended = driver.cancel()
    say(f"{_jobs(len(ended))} ended in {launcher.name}." + (" What they had saved is kept." if ended else ""))


def _jobs(count: int) -> str:
    return f"{count} job{'' if count == 1 else 's'}"
