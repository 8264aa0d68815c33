"""The runs of a suite, one after another: what fails does not stop the others, and nothing of one stays with the next."""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

import torch

from vidgen_bench.errors import BusyError, DataError, Interrupted, RequestError, VidgenBenchError
from vidgen_bench.experiments.ablate.members import Ablation, Job, Key
from vidgen_bench.experiments.run.execute import Outcome, execute
from vidgen_bench.experiments.run.plan import Plan, make_plan
from vidgen_bench.host.host import Host
from vidgen_bench.records.record import Record
from vidgen_bench.system.device import choose_device
from vidgen_bench.system.observer import Observer
from vidgen_bench.system.places import cache_folder

Ended = Literal["finished", "diverged", "failed"]


@dataclass(frozen=True)
class Result:
    """How a job ended: with a record, or with the words of its failure."""

    job: Job
    record: Record | None
    already: bool = False
    failure: str | None = None

    @property
    def state(self) -> Ended:
        """``finished``, ``diverged`` or ``failed``."""
        if self.record is None:
            return "failed"
        return "diverged" if self.record.status == "diverged" else "finished"


def make_plans(ablation: Ablation, host: Host) -> dict[Key, Plan]:
    """Return the plan of every distinct model; what can be refused before any work is refused here.

    Raises:
        RequestError: an instrument is missing, the device is not there, or the runs folder is a file.
    """
    plans = {job.member.key: make_plan(job.member.request, host) for job in ablation.jobs}
    request = next(iter(plans.values())).request
    choose_device(request.device)
    if request.runs.exists() and not request.runs.is_dir():
        raise RequestError(f"--runs {request.runs} is a file; expected a folder, or a name that is free.")
    return plans


def check_data(ablation: Ablation, plans: Mapping[Key, Plan], observer: Observer) -> None:
    """Find the videos of every data set of the suite.

    Raises:
        VidgenBenchError: they are not there; the text says what to do.
    """
    found = set()
    for job in ablation.jobs:
        plan = plans[job.member.key]
        asked = (plan.track.data.name, plan.request.videos, plan.request.splits)
        if asked not in found:
            plan.resolved_track.data_set.declaration.locate(
                plan.request.videos, plan.request.splits, cache_folder(), observer.progress
            )
            found.add(asked)


def carry_out(
    ablation: Ablation,
    plans: Mapping[Key, Plan],
    watch: Callable[[int, Job], AbstractContextManager[Observer]],
    execute: Callable[[Plan, int, Observer], Outcome] = execute,
) -> Iterator[Result]:
    """Run every job, one after another, and yield how each ended; one that fails does not stop the others.

    A job that another process is running comes once more at the end; its record is used where it is there then.

    Args:
        ablation: whose jobs.
        plans: from :func:`make_plans`.
        watch: gives the observer of the n-th job (from 1).
        execute: runs one seed of a plan.
    Raises:
        Interrupted: Ctrl-C; what was finished is kept, and so is what was begun.
        DataError: of the suite's own track, on which the other jobs would fail as well.
        Exception: what is no error of ours, where several processes work together.
    """
    threads, several = torch.get_num_threads(), os.environ.get("WORLD_SIZE", "1") != "1"
    queue, later = deque(enumerate(ablation.jobs, start=1)), set[int]()
    while queue:
        number, job = queue.popleft()
        try:
            with watch(number, job) as observer:
                outcome = execute(plans[job.member.key], job.seed, observer)
            result = Result(job, outcome.record, outcome.already)
        except Interrupted:
            raise
        except BusyError as error:
            # of several processes only one meets the lock, and all must take the jobs in one order
            if number not in later and not several:
                later.add(number)
                queue.append((number, job))
                observer.stage("another process is running it: its turn comes again at the end")
                continue
            result = Result(job, None, failure=_words(error))
        except (Exception, SystemExit) as error:
            if isinstance(error, DataError) and not job.aside:
                raise
            # our errors come to all of several processes alike; any other may have met this one alone, and the rest wait for it
            if several and not isinstance(error, VidgenBenchError):
                raise
            # the words alone are kept: the exception holds the frames, and these the networks
            result = Result(job, None, failure=_words(error))
        _release(threads)
        yield result


def _words(error: BaseException) -> str:
    text = str(error) if isinstance(error, VidgenBenchError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())


def _release(threads: int) -> None:
    """Give back what a run held: a resumed one sets its own thread count, and networks may stand in cycles."""
    torch.set_num_threads(threads)
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
