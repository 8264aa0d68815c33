"""Run the jobs of a suite side by side, each in a process of its own, with one thread unless the request says otherwise."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress

from vidgen_bench.errors import DataError, DataWarning, Interrupted, RequestError, VidgenBenchError
from vidgen_bench.experiments.ablate.members import Ablation, Job, Key
from vidgen_bench.experiments.ablate.messages import Caution, Done, Failed, Message, Report, decode
from vidgen_bench.experiments.ablate.running import AGAIN, Result, message_of
from vidgen_bench.experiments.run.plan import Plan
from vidgen_bench.records.record import read_record
from vidgen_bench.system.interrupt import Interrupt
from vidgen_bench.system.observer import Observer

_START = "import json, sys; sys.path[:] = json.loads(sys.stdin.readline()); from vidgen_bench.experiments.ablate.worker import main; main()"

_LOOK = 0.2
"""Seconds between two looks at whether the suite was interrupted."""

_TO_SAVE, _AT_ONCE = 60.0, 5.0
"""Seconds that a process has to save its run and end, and to end without saving."""

Watch = Callable[[int, Job], AbstractContextManager[Observer]]
"""Returns the observer of the n-th job, counted from 1."""


def carry_out_side_by_side(
    ablation: Ablation, plans: Mapping[Key, Plan], watch: Watch, processes: int
) -> Iterator[Result]:
    """Run up to ``processes`` jobs at a time and yield their results as they end; a failed job does not stop the others.

    A job that another program is running is tried once more when all others have ended, so that the program has time; if it has a
    record by then, the record is used.

    Raises:
        RequestError: torchrun started several processes, which share every run.
        Interrupted: Ctrl-C or another signal; finished runs are kept, and unfinished runs can be resumed.
        DataError: a fault of the suite's own data, which would fail the other jobs too; the running ones were saved.
    """
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise RequestError(
            "--jobs runs a process per run; leave it out under torchrun, whose processes share every run."
        )
    waiting, later = deque(enumerate(ablation.jobs, start=1)), deque[tuple[int, Job]]()
    last = False
    events: queue.Queue[tuple[_Worker, Message]] = queue.Queue()
    running: list[_Worker] = []
    with Interrupt() as interrupt, _ended(running):
        told = False
        while running or ((waiting or later) and not interrupt.requested):
            if not (running or waiting):
                waiting, later, last = later, deque(), True
            while waiting and len(running) < processes and not interrupt.requested:
                number, job = waiting.popleft()
                running.append(_Worker(number, job, plans[job.member.key], watch(number, job), events))
            if interrupt.requested and not told:
                told = True
                for worker in running:
                    worker.stop()
            try:
                worker, message = events.get(timeout=_LOOK)
            except queue.Empty:
                continue
            if isinstance(message, Report | Caution):
                worker.show(message)
                continue
            running.remove(worker)
            if isinstance(message, Failed) and message.kind == "busy" and not last:
                later.append((worker.number, worker.job))
                worker.observer.stage(AGAIN)
                worker.end()
                continue
            worker.end()
            if isinstance(message, Failed) and message.kind == "data" and not worker.job.aside:
                raise DataError(message.text)
            if not (interrupt.requested and isinstance(message, Failed)):
                yield _result(worker.job, message)
    if interrupt.requested:
        raise Interrupted("Stopped. The same command continues from there.", interrupt.number)


def _result(job: Job, message: Done | Failed) -> Result:
    if isinstance(message, Failed):
        return Result(job, None, failure=" ".join(message.text.split()))
    try:
        return Result(job, read_record(job.folder.record_path), message.already)
    except VidgenBenchError as error:  # it was moved away or damaged since
        return Result(job, None, failure=message_of(error))


@contextmanager
def _ended(running: list[_Worker]) -> Iterator[None]:
    """At the end of the block, also by an error or a second Ctrl-C, ask the processes that are left to save their runs."""
    at_once = False
    try:
        yield
    except KeyboardInterrupt:
        at_once = True
        raise
    finally:
        for worker in running:
            worker.stop(at_once=at_once)
        for worker in running:
            worker.end(_AT_ONCE if at_once else _TO_SAVE)


class _Worker:
    """The process of one job; a thread passes its messages on."""

    def __init__(
        self,
        number: int,
        job: Job,
        plan: Plan,
        watched: AbstractContextManager[Observer],
        events: queue.Queue[tuple[_Worker, Message]],
    ) -> None:
        self.number, self.job = number, job
        self._watched, self._events = watched, events
        self.observer = watched.__enter__()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=2,  # also if it is the null device in place of a closed one, which no process inherits unless told
            start_new_session=True,  # out of the terminal's process group: Ctrl-C reaches this process only, which passes it on
        )
        assert self._process.stdin is not None
        task = [plan.request.values(), job.seed, plan.request.threads or 1]
        with suppress(BrokenPipeError):  # it ended already; the thread says how
            self._process.stdin.write(f"{json.dumps(sys.path)}\n{json.dumps(task)}\n".encode())
            self._process.stdin.close()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        """Pass the messages on; a process that ends without its last one has failed."""
        stream, message = self._process.stdout, None
        assert stream is not None
        while not isinstance(message, Done | Failed):
            try:
                message = decode(stream.readline())
            except ValueError:  # the end of the stream, or a line that is not whole
                message = Failed("other", f"its process ended early: {_how(self._process.wait())}")
            self._events.put((self, message))

    def show(self, message: Report | Caution) -> None:
        """Report what the run reported."""
        if isinstance(message, Caution):
            warnings.warn(DataWarning(message.text), stacklevel=2)
        else:
            message.repeat(self.observer)

    def stop(self, *, at_once: bool = False) -> None:
        """Ask the process to save its run and end, or after that to end without saving."""
        self._process.send_signal(
            signal.SIGINT if at_once else signal.SIGTERM
        )  # SIGTERM ends a start without a traceback

    def end(self, patience: float = _TO_SAVE) -> None:
        """Wait for the end of the process, which was told to end or said that it does; kill it after ``patience`` seconds."""
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._watched.__exit__(None, None, None)


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
