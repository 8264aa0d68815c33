"""The Ray task of a job: it starts the process of the job on the node, waits for it, and returns how it ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from vidgen_bench.api import Job
from vidgen_bench.errors import BusyError, VidgenBenchError
from vidgen_bench.launch.process import exit_code, start
from vidgen_launchers.ray.cancellation import Cancellation
from vidgen_launchers.ray.resources import adjusted, needs
from vidgen_launchers.ray.versions import difference, versions

if TYPE_CHECKING:
    from vidgen_launchers.ray import RayOptions

Result = tuple[Literal["ended", "skipped", "refused"], int, str]
"""How a task ended: the exit code of its process, and a reason if none was started."""

REPEATS = 3
"""How often Ray repeats a task whose worker or node died."""

TO_SAVE = 60.0
"""Seconds that a process has to save its run after SIGTERM; then it is killed."""

HELD = 300.0
"""Seconds for which the process of a dead worker or node may still have the run folder: it saves, or its node is silent."""

PAUSE = 10.0
"""Seconds between two starts of a process whose run folder is taken."""

_LOOK = 0.1
"""Seconds between two looks at the process."""

_SHARED = ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")
"""Variables that a process gets from the submitting machine: where caches and weights are; further, all that begin with VIDGEN_."""


@dataclass(frozen=True)
class Submitted:
    """A job, the reference to its result, and the word that tells its start from those of earlier submissions."""

    job: Job
    reference: Any
    token: str


def start_file(job: Job) -> Path:
    """Return the file beside the log to which a task writes the machine on which it starts."""
    return job.log.with_name(f".{job.key}.ray")


def submit_tasks(jobs: Sequence[Job], options: RayOptions) -> list[Submitted]:
    """Start a task per job, those that others wait for first.

    Raises:
        VidgenBenchError: a job waits for one that is not among them, or for itself.
    """
    import ray

    run = ray.remote(max_retries=REPEATS, retry_exceptions=False)(run_job)
    token, here, shared = uuid.uuid4().hex[:12], versions(), _shared(os.environ)
    done: dict[str, Submitted] = {}
    left = list(jobs)
    while left:
        job = next((j for j in left if all(key in done for key in j.after)), None)
        if job is None:
            raise VidgenBenchError(f"{left[0].name} waits for a job that is not among those submitted, or for itself.")
        left.remove(job)
        wanted = needs(job, options)
        task = run.options(
            name=job.name,
            num_cpus=wanted.get("CPU", 0),
            num_gpus=wanted.get("GPU", 0),
            memory=wanted.get("memory"),
        )
        values = asdict(adjusted(job, options)) | {"log": os.fspath(job.log)}
        before = [done[key].reference for key in job.after]
        done[job.key] = Submitted(job, task.remote(values, token, here, shared, *before), token)
    return list(done.values())


def run_job(
    values: Mapping[str, Any], token: str, expected: Mapping[str, str], shared: Mapping[str, str], *before: Result
) -> Result:
    """Run the process of a job on this node.

    Args:
        values: the fields of the job, as texts and numbers.
        token: goes to the :func:`start_file`.
        expected: the versions that this node must have.
        shared: variables of the submitting machine.
        before: how the jobs ended that this one waits for.
    """
    if any(kind != "ended" or code for kind, code, _ in before):
        return ("skipped", 0, "a job before it failed")
    if wrong := difference(expected, versions()):
        return ("refused", 0, f"the node {socket.gethostname()} has {wrong}")
    job = Job(**{**values, "log": Path(values["log"])})
    with Cancellation() as cancellation:
        return _run(job, token, shared, cancellation)


def _run(job: Job, token: str, shared: Mapping[str, str], cancellation: Cancellation) -> Result:
    """Run the process of a job, again while the process of a dead worker or node may still have the folder of the run."""
    until = time.monotonic() + (HELD if _token(job) == token else 0.0)
    while not cancellation.asked:
        try:
            process = start(job, _devices(), _environment(shared))
        except (OSError, VidgenBenchError) as error:  # its log may be a link
            return ("refused", 0, f"on the node {socket.gethostname()} its process could not be started: {error}")
        _announce(job, token)
        code = _wait(process, cancellation)
        if code != BusyError.exit_code or time.monotonic() > until:
            with suppress(OSError):
                start_file(job).unlink()
            return ("ended", code, "")
        _pause(cancellation)
    return ("skipped", 0, "cancelled before it started")


def _token(job: Job) -> str:
    """Return the word in the start file, which a task whose worker or node died has left; "" if there is none."""
    try:
        return start_file(job).read_text().partition(" ")[0]
    except (OSError, ValueError):
        return ""


def _pause(cancellation: Cancellation) -> None:
    """Wait before the next start."""
    until = time.monotonic() + PAUSE
    while time.monotonic() < until and not cancellation.asked:
        time.sleep(_LOOK)


def _devices() -> list[str]:
    """Return the GPUs that Ray has assigned to this task."""
    import ray

    return [str(number) for number in ray.get_runtime_context().get_accelerator_ids()["GPU"]]


def _shared(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name in _SHARED or name.startswith("VIDGEN_")}


def _environment(shared: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of this node without those that Ray sets in its workers, and with the shared ones."""
    own = {n: v for n, v in os.environ.items() if not n.startswith("RAY_") and n != "PYTHONBREAKPOINT"}
    return {**own, **shared}


def _announce(job: Job, token: str) -> None:
    """Write the start file, which nothing depends on but the event of a start."""
    path = start_file(job)
    with suppress(OSError):
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f"{path.name}.", suffix=".part", delete=False
        ) as part:
            part.write(f"{token} {os.getpid()} {socket.gethostname()}\n")
        os.replace(part.name, path)


def _wait(process: subprocess.Popen[bytes], cancellation: Cancellation) -> int:
    """Return the exit code of a process; if the task is cancelled, send it SIGTERM once: a second one ends it without saving."""
    deadline = None
    while (code := exit_code(process)) is None:
        if deadline is None and cancellation.asked:
            deadline = time.monotonic() + TO_SAVE
            process.send_signal(signal.SIGTERM)
        elif deadline is not None and time.monotonic() > deadline:
            process.kill()
        time.sleep(_LOOK)
    return code
