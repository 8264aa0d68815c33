"""Decoding in several child processes; one that dies or hangs does not affect the others or the program."""

from __future__ import annotations

import collections
import dataclasses
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.errors import VidgenBenchError

_PACKAGE_ROOT = Path(__file__).resolve().parents[3]
# -P keeps the current folder off sys.path (an av.py there would be imported); the package's folder is appended last
_START = "import sys; sys.path.append(sys.argv.pop(1)); from vidgen_bench.data.decoding.worker import main; main()"


@dataclass(frozen=True)
class Job:
    """One video to decode into the file ``part``."""

    video: Path
    part: Path


@dataclass(frozen=True)
class Outcome:
    """The result of a job: the number and hash of the frames in ``part`` and how many of them repeat the one before, or a ``fault``,
    a message that names the video."""

    job: Job
    frames: int = 0
    decoder: str = ""
    sha256: str = ""
    repeats: int = 0
    fault: str | None = None
    passing: bool = False
    """Whether the fault says nothing about the video: its decoder died, took too long, or had too little memory."""


def default_workers() -> int:
    """Return the number of processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def decode_all(
    jobs: Iterable[Job], geometry: FrameGeometry, workers: int, timeout: float
) -> Generator[Outcome, None, None]:
    """Yield the outcome of every job, in order; at most four jobs per worker are started but not yet yielded.

    Args:
        jobs: the videos to decode.
        geometry: resize and crop.
        workers: number of child processes.
        timeout: seconds allowed per video. After that its worker is killed and the outcome is a fault.
    Raises:
        VidgenBenchError: a part could not be written, or a worker cannot start.
    """
    pool, how = Pool(timeout), dataclasses.asdict(geometry)
    executor = ThreadPoolExecutor(workers, thread_name_prefix="decode")
    pending: collections.deque[Future[Outcome]] = collections.deque()
    try:
        for job in jobs:
            pending.append(executor.submit(_run, pool, job, how))
            if len(pending) >= 4 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.close()
        executor.shutdown(wait=True, cancel_futures=True)


def _run(pool: Pool, job: Job, geometry: dict[str, Any]) -> Outcome:
    answer = pool.ask({"video": str(job.video), "part": str(job.part), "geometry": geometry})
    if "disk" in answer:
        raise VidgenBenchError(
            f"{job.part} could not be written: {answer['disk']}. Free disk space, then run the same command: it continues from there."
        )
    if "fault" in answer:
        return Outcome(job, fault=answer["fault"], passing=bool(answer.get("passing")))
    return Outcome(job, answer["frames"], answer["decoder"], answer["sha256"], answer["repeats"])


class Pool:
    """Child processes, started when one is needed and none is idle; ``timeout`` is in seconds per video."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._idle: queue.LifoQueue[Worker] = queue.LifoQueue()
        self._all: list[Worker] = []
        self._closed = False
        self._lock = threading.Lock()

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a request. If its worker dies, try once more with another: the video is not always the cause."""
        answer = self._attempt(request)
        if "died" in answer:
            answer = self._attempt(request)
        if "died" in answer:
            why = f"the decoder crashed twice ({answer['died']}). Copy the file again, or leave it out."
            return {"fault": f"{request['video']}: {why}", "passing": True}
        return answer

    def _attempt(self, request: dict[str, Any]) -> dict[str, Any]:
        worker = self._take()
        answer = worker.ask(request, self._timeout)
        if worker.alive:
            self._idle.put(worker)
        else:
            with self._lock:
                self._all.remove(worker)  # its files close with it
        return answer

    def _take(self) -> Worker:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            with self._lock:
                if self._closed:
                    raise VidgenBenchError("Decoding was stopped.") from None
                worker = Worker()
                self._all.append(worker)
        worker.await_ready()
        return worker

    def close(self) -> None:
        """Kill every worker, busy or idle."""
        with self._lock:
            self._closed = True
            for worker in self._all:
                worker.end()


class Worker:
    """One child process that decodes; see :mod:`vidgen_bench.data.decoding.worker` for the protocol."""

    def __init__(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START, str(_PACKAGE_ROOT), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,  # out of the terminal's process group: Ctrl-C reaches the parent only, which ends workers
        )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    def await_ready(self) -> None:
        """Block until the process has finished its imports.

        Raises:
            VidgenBenchError: the process ended instead; the text has the last line of its standard error.
        """
        if self._read(60.0) is None:
            self.end()
            raise VidgenBenchError(f"The decoding process did not start: {self._last_error() or self._exit_status()}.")

    def ask(self, request: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Return the answer, with its bytes as ``data``; ``{fault}`` after the timeout, ``{died}`` if the process ended."""
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            self._process.stdin.flush()
        except OSError:
            return {"died": self._exit_status()}
        late = threading.Event()
        answer = self._read(timeout, late)
        if answer is not None:
            return answer
        if late.is_set():
            return {
                "fault": f"{request['video']}: decoding took longer than {timeout:g} s. Copy the file again, or leave it out.",
                "passing": True,
            }
        return {"died": self._exit_status()}

    def _read(self, timeout: float, late: threading.Event | None = None) -> dict[str, Any] | None:
        """Return the next answer, or None if the process ends first; kill the process after ``timeout`` seconds."""

        def stop() -> None:
            if late is not None:
                late.set()
            self._process.kill()

        timer = threading.Timer(timeout, stop)
        timer.daemon = True
        timer.start()
        try:
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
            answer = json.loads(line) if line.endswith(b"\n") else {"bytes": 1}
            data = self._process.stdout.read(answer["bytes"])
        finally:
            timer.cancel()
        if len(data) < answer["bytes"]:
            self._process.wait()
            return None
        return {**answer, "data": data}

    def _exit_status(self) -> str:
        code = self._process.wait()
        if code >= 0:
            return f"exit code {code}: {self._last_error()}"
        try:
            return f"signal {signal.Signals(-code).name}"
        except ValueError:
            return f"signal {-code}"

    def _last_error(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def end(self) -> None:
        """Kill the process and wait for it; its pipes close when their last reader is done."""
        self._process.kill()
        self._process.wait()
