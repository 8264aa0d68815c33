"""Run the jobs of a suite one after another: a failed run does not stop the others, and each run frees its memory."""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

import torch

from vidgen_bench.data.locating import locate_videos
from vidgen_bench.errors import BusyError, DataError, Interrupted, VidgenBenchError
from vidgen_bench.experiments.ablate.members import Ablation, Job, Key
from vidgen_bench.experiments.run.execute import Outcome, execute
from vidgen_bench.experiments.run.plan import Plan, make_plan
from vidgen_bench.host.host import Host
from vidgen_bench.records.record import Record
from vidgen_bench.system.device import choose_device
from vidgen_bench.system.observer import Observer

Ended = Literal["finished", "diverged", "failed"]

AGAIN = "another process is running it; trying again at the end"


@dataclass(frozen=True)
class Result:
    """The result of a job: its record, or the message of its failure."""

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


def make_plans(ablation: Ablation, host: Host, *, here: bool = True) -> dict[Key, Plan]:
    """Return the plan of every distinct model, after all checks that need no data.

    Args:
        ablation: the suite.
        host: the installed plugins.
        here: whether the runs are on this machine, whose device is then checked.
    Raises:
        RequestError: an instrument or the device is missing, or the runs folder is a file.
    """
    plans = {job.member.key: make_plan(job.member.request, host) for job in ablation.jobs}
    if here and plans:
        choose_device(next(iter(plans.values())).request.device)
    return plans


def check_data(ablation: Ablation, plans: Mapping[Key, Plan], observer: Observer) -> None:
    """Locate the videos of every data set of the suite.

    Raises:
        VidgenBenchError: videos are missing; the text says how to provide them.
    """
    located = set()
    for job in ablation.jobs:
        plan = plans[job.member.key]
        source = (plan.track.data.name, plan.request.videos, plan.request.splits)
        if source not in located:
            locate_videos(plan.resolved_track.data_set, plan.request.videos, plan.request.splits, observer.progress)
            located.add(source)


def carry_out(
    ablation: Ablation,
    plans: Mapping[Key, Plan],
    watch: Callable[[int, Job], AbstractContextManager[Observer]],
    execute: Callable[[Plan, int, Observer], Outcome] = execute,
) -> Iterator[Result]:
    """Run the jobs one after another and yield their results; a failed job does not stop the others.

    A job that another process is running is tried once more at the end; if it has a record by then, the record is used.

    Args:
        ablation: the ablation to run.
        plans: the plans from :func:`make_plans`.
        watch: returns the observer of the n-th job, counted from 1.
        execute: runs one seed of a plan.
    Raises:
        Interrupted: Ctrl-C; finished runs are kept, and unfinished runs can be resumed.
        DataError: a fault of the suite's own data, which would fail the other jobs too.
        Exception: an unexpected error, if several processes run the suite together.
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
            # only one of several processes meets the lock, but all must run the jobs in the same order
            if number not in later and not several:
                later.add(number)
                queue.append((number, job))
                observer.stage(AGAIN)
                continue
            result = Result(job, None, failure=message_of(error))
        except (Exception, SystemExit) as error:
            if isinstance(error, DataError) and not job.aside:
                raise
            # all processes raise our own errors; any other error may be in this process alone while the rest wait for it
            if several and not isinstance(error, VidgenBenchError):
                raise
            # keep only the message: the exception would keep the frames, and with them the networks, alive
            result = Result(job, None, failure=message_of(error))
        _release(threads)
        yield result


def message_of(error: BaseException) -> str:
    """Return what a failed run shows of its error, on one line."""
    text = str(error) if isinstance(error, VidgenBenchError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())


def _release(threads: int) -> None:
    """Restore the thread count, which a resumed run changes, and free the networks, which may be in reference cycles."""
    torch.set_num_threads(threads)
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
