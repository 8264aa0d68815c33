"""The tasks of evaluations: one per run or file of clips. What they share is locked in the cache, so none comes before the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vidgen_bench.api import Job
from vidgen_bench.experiments.evaluate.request import EvaluationRequest
from vidgen_bench.experiments.launch.chosen import gpus_for
from vidgen_bench.experiments.launch.commands import evaluate_arguments
from vidgen_bench.experiments.launch.log import lines_of
from vidgen_bench.experiments.launch.task import Task, key_of

EVALUATIONS = "evaluate"
"""The folder of their logs, inside the folder of runs."""

_RECORD = "record   "
"""How a line of ``vidgen-bench evaluate`` begins that has the path of a record."""


def evaluation_tasks(
    requests: Sequence[EvaluationRequest], protocols: Sequence[str], threads: int | None
) -> list[Task]:
    """Return one task per request, each under all of these protocols."""
    return [_task(request, protocols, threads or 1) for request in requests]


def records_in(log: Path, start: int = 0) -> list[str]:
    """Return the paths of the records that an evaluation wrote, as its log has them."""
    found = (line.removeprefix(_RECORD).strip() for line in lines_of(log, start) if line.startswith(_RECORD))
    return list(dict.fromkeys(found))


def _task(request: EvaluationRequest, protocols: Sequence[str], threads: int) -> Task:
    arguments = evaluate_arguments(request, protocols, threads)
    key = key_of("evaluate", *arguments)
    return Task(
        Job(
            name=f"evaluate {request.what}",
            key=key,
            arguments=arguments,
            log=request.runs.absolute() / EVALUATIONS / f"{key}.txt",
            gpus=gpus_for(request.device),
            cpus=threads,
        )
    )
