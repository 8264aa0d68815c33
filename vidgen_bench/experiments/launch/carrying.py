"""Carry out runs through a launcher, and the result of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.experiments.launch.chosen import ChosenLauncher
from vidgen_bench.experiments.launch.driver import PAUSE, Driver
from vidgen_bench.experiments.launch.runs import Run, check_device, tasks_of
from vidgen_bench.experiments.launch.task import Watcher
from vidgen_bench.records.record import Record, read_record


@dataclass(frozen=True)
class RunResult:
    """The result of a run: its record, or the message of its failure."""

    run: Run
    record: Record | None
    already: bool = False
    failure: str | None = None


def split_finished(runs: Sequence[Run]) -> tuple[list[RunResult], list[Run]]:
    """Return the results of the runs that need no process, because they are finished or cannot run, and the other runs."""
    results, left = [], []
    for run in runs:
        try:
            if run.is_finished():
                results.append(RunResult(run, read_record(run.folder.record_path), already=True))
            else:
                left.append(run)
        except VidgenBenchError as error:
            results.append(RunResult(run, None, failure=_line(error)))
    return results, left


def carry_out_runs(
    runs: Sequence[Run], launcher: ChosenLauncher, watcher: Watcher, pause: float = PAUSE
) -> Iterator[RunResult]:
    """Yield the results of runs as they end; finished ones first, and a failed run does not stop the others.

    Raises:
        Interrupted: Ctrl-C or another signal; :class:`Driver` says what becomes of the jobs.
        RequestError: the device is not one that jobs can have.
        DataError: a fault of the data, which would fail the other runs too.
        VidgenBenchError: the launcher cannot start jobs.
    """
    check_device(run.plan.request for run in runs)
    ended, left = split_finished(runs)
    yield from ended
    by_key = {run.key: run for run in left}
    for outcome in Driver(launcher, tasks_of(left), watcher).outcomes(pause):
        run = by_key.get(outcome.task.key)
        if run is None:
            continue
        if outcome.state == "done":
            yield _result(run)
        else:
            yield RunResult(run, None, failure=f"{'not started: ' * (outcome.state == 'not started')}{outcome.text}")


def _result(run: Run) -> RunResult:
    try:
        return RunResult(run, read_record(run.folder.record_path))
    except VidgenBenchError as error:  # it was moved away or damaged since
        return RunResult(run, None, failure=_line(error))
    except FileNotFoundError:
        return RunResult(run, None, failure="its process ended with exit code 0 but left no record")


def _line(error: VidgenBenchError) -> str:
    return " ".join(str(error).split())
