"""Decoding in several child processes, each of which may die or hang without taking the program along."""

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
# -P keeps the user's folder off the path (an av.py there would be imported); the package's own folder comes last on it
_START = "import sys; sys.path.append(sys.argv.pop(1)); from vidgen_bench.data.decoding.worker import main; main()"


@dataclass(frozen=True)
class Job:
    """One video to decode into the file ``part``."""

    video: Path
    part: Path


@dataclass(frozen=True)
class Outcome:
    """What came of a job: the frames in ``part`` with their hash, or a ``fault`` in words that names the video."""

    job: Job
    frames: int = 0
    decoder: str = ""
    sha256: str = ""
    fault: str | None = None


def default_workers() -> int:
    """Return the number of processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def decode_all(
    jobs: Iterable[Job], geometry: FrameGeometry, workers: int, timeout: float
) -> Generator[Outcome, None, None]:
    """Yield the outcome of every job, in order; at most four a worker are under way or waiting to be taken.

    Args:
        jobs: what to decode.
        geometry: resize and crop.
        workers: child processes.
        timeout: seconds a video may take. Then its worker is ended and the video is at fault.
    Raises:
        VidgenBenchError: a part could not be written, or a worker cannot start.
    """
    pool = _Pool(geometry, timeout)
    executor = ThreadPoolExecutor(workers, thread_name_prefix="decode")
    pending: collections.deque[Future[Outcome]] = collections.deque()
    try:
        for job in jobs:
            pending.append(executor.submit(pool.run, job))
            if len(pending) >= 4 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.close()
        executor.shutdown(wait=True, cancel_futures=True)


class _Pool:
    """Child processes, started when one is wanted and none is idle."""

    def __init__(self, geometry: FrameGeometry, timeout: float) -> None:
        self._geometry, self._timeout = dataclasses.asdict(geometry), timeout
        self._idle: queue.LifoQueue[Worker] = queue.LifoQueue()
        self._all: list[Worker] = []
        self._closed = False
        self._lock = threading.Lock()

    def run(self, job: Job) -> Outcome:
        """Decode one video. A worker that dies is replaced and the video tried once more: not every death is its
        fault."""
        answer = self._attempt(job)
        if "died" in answer:
            answer = self._attempt(job)
        if "disk" in answer:
            raise VidgenBenchError(
                f"{job.part} could not be written: {answer['disk']}. Make room, then repeat: it goes on from here."
            )
        if "died" in answer:
            return Outcome(
                job,
                fault=f"{job.video}: the decoder died on it twice ({answer['died']}). Copy it again, or leave it out.",
            )
        if "fault" in answer:
            return Outcome(job, fault=answer["fault"])
        return Outcome(job, answer["frames"], answer["decoder"], answer["sha256"])

    def _attempt(self, job: Job) -> dict[str, Any]:
        worker = self._take()
        answer = worker.ask({"video": str(job.video), "part": str(job.part), "geometry": self._geometry}, self._timeout)
        if worker.alive:
            self._idle.put(worker)
        return answer

    def _take(self) -> Worker:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            with self._lock:
                if self._closed:
                    raise VidgenBenchError("decoding was stopped") from None
                worker = Worker()
                self._all.append(worker)
        worker.await_ready()
        return worker

    def close(self) -> None:
        """End every worker, busy or not."""
        with self._lock:
            self._closed = True
            for worker in self._all:
                worker.end()


class Worker:
    """One child process that decodes; see :mod:`vidgen_bench.data.decoding.worker` for what is said."""

    def __init__(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START, str(_PACKAGE_ROOT), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="ascii",
            start_new_session=True,  # Ctrl-C goes to the terminal's whole group; ending workers is the parent's to do
        )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def await_ready(self) -> None:
        """Return once the process has imported what it needs.

        Raises:
            VidgenBenchError: it ended instead; the text carries its last words.
        """
        if not self._read(60.0):
            self.end()
            raise VidgenBenchError(f"the decoding process did not start: {self._last_words() or self._death()}.")

    def ask(self, request: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Return the answer; ``{fault}`` where none came in time, ``{died}`` where the process ended."""
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except OSError:
            return {"died": self._death()}
        late = threading.Event()
        answer = self._read(timeout, late)
        if answer:
            return json.loads(answer)
        if late.is_set():
            return {
                "fault": f"{request['video']}: decoding it took longer than {timeout:g} s. Copy it again, or leave "
                "it out."
            }
        return {"died": self._death()}

    def _read(self, timeout: float, late: threading.Event | None = None) -> str:
        """Return the next line, "" where the process ends first; after ``timeout`` seconds it is ended."""

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
        finally:
            timer.cancel()
        if not line.endswith("\n"):
            self._process.wait()
            return ""
        return line

    def _death(self) -> str:
        code = self._process.wait()
        if code >= 0:
            return f"exit code {code}: {self._last_words()}"
        try:
            return f"signal {signal.Signals(-code).name}"
        except ValueError:
            return f"signal {-code}"

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def end(self) -> None:
        """Kill the process and wait for it; its pipes are closed by whoever reads them last."""
        self._process.kill()
        self._process.wait()
