"""Evaluations through a launcher: what is printed of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vidgen_bench.errors import VidgenBenchError

if TYPE_CHECKING:
    from rich.console import Console

    from vidgen_bench.cli.launch_options import Mode
    from vidgen_bench.experiments.evaluate.request import EvaluationRequest
    from vidgen_bench.experiments.launch.chosen import ChosenLauncher
    from vidgen_bench.experiments.launch.driver import Driver


def launch_evaluations(
    console: Console,
    requests: Sequence[EvaluationRequest],
    protocols: Sequence[str],
    threads: int | None,
    launcher: ChosenLauncher,
    mode: Mode | None,
) -> None:
    """Score everything through a launcher and print the paths of the records, or submit it and leave, or end it.

    Raises:
        VidgenBenchError: an evaluation failed; the text lists all that did.
    """
    from vidgen_bench.cli.launch_view import LaunchView
    from vidgen_bench.cli.launching import cancel_jobs
    from vidgen_bench.experiments.launch.driver import Driver
    from vidgen_bench.experiments.launch.evaluations import evaluation_tasks

    tasks = evaluation_tasks(requests, protocols, threads)
    with LaunchView(console, ()) as view:
        driver = Driver(launcher, tasks, view)
        if mode == "cancel":
            cancel_jobs(driver, launcher)
        elif mode == "detach":
            started = len(driver.submit())
            console.print(f"{started} of {len(tasks)} evaluations submitted to {launcher.name}.", highlight=False)
        else:
            _carry_out(console, driver)


def _carry_out(console: Console, driver: Driver) -> None:
    from vidgen_bench.experiments.launch.evaluations import records_in

    failures, count = [], 0
    for outcome in driver.outcomes():
        count += 1
        if outcome.state == "done":
            for path in records_in(outcome.task.job.log, outcome.begins):
                console.print(f"record   {path}", highlight=False, markup=False)
        else:
            failures.append(f"  {outcome.task.job.name}: {outcome.text}")
    if failures:
        raise VidgenBenchError("\n".join([f"{len(failures)} of {count} evaluations failed:", *failures]))
