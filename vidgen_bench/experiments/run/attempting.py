"""One attempt at a run, from the lock to the end: its status while it works, and its line in ``attempts.jsonl``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

from vidgen_bench.errors import Interrupted, VidgenBenchError
from vidgen_bench.experiments.run.attempts import (
    KILLED,
    MOST_ATTEMPTS,
    Attempt,
    append_attempt,
    read_attempts,
)
from vidgen_bench.experiments.run.owner import Owner, Ownership, read_owner
from vidgen_bench.experiments.run.status import State, Status, read_status
from vidgen_bench.experiments.run.status_writer import StatusWriter, now
from vidgen_bench.system.interrupt import exit_code_of_stop
from vidgen_bench.system.observer import Observer
from vidgen_bench.system.provenance import device_name

DIVERGED = "diverged: a loss or score was not finite"


def next_attempt(folder: Path) -> int:
    """Return the number of the attempt that begins now in a run folder that this process has locked: one more than any known."""
    status, owner = read_status(folder), read_owner(folder)
    known = [attempt.attempt for attempt in read_attempts(folder)]
    known += [found.attempt for found in (status, owner) if found is not None]
    return min(max(known, default=0) + 1, MOST_ATTEMPTS)


@contextmanager
def attempting(folder: Path, ownership: Ownership, device: torch.device, observer: Observer) -> Iterator[StatusWriter]:
    """Keep ``status.json`` while the block runs, and add a line to ``attempts.jsonl`` at its end; the block sets the state.

    Neither file can fail the run. Attempts that were killed before they could write their line get one first.
    """
    before = read_status(folder)
    with suppress(OSError, VidgenBenchError):
        _complete(folder, before, ownership.previous)
    owner, begun = ownership.owner, now()
    status = (before or Status(state="preparing", started=begun, heartbeat=begun)).model_copy(
        update={
            "state": "preparing",
            "stage": "",
            "host": owner.host,
            "pid": os.getpid(),
            "device": device_name(device),
            "job": owner.job,
            "attempt": owner.attempt,
            "started": begun,
            "exit_code": None,
            "message": "",
        }
    )
    with StatusWriter(observer, folder, status, ownership.holds) as writer:
        try:
            yield writer
        except BaseException as error:
            _end(folder, ownership, writer, *_words_of(error))
            raise
        diverged = writer.status.state == "diverged"
        _end(folder, ownership, writer, *(("diverged", 1, DIVERGED) if diverged else ("done", 0, "")))


def _end(folder: Path, ownership: Ownership, writer: StatusWriter, state: State, exit_code: int, message: str) -> None:
    """Write the end of an attempt, unless another process has the folder."""
    if not ownership.holds():
        return
    writer.end(state, exit_code, message)
    with suppress(OSError, VidgenBenchError):
        append_attempt(folder, _attempt_of(writer.status.model_copy(update={"heartbeat": now()})))


def _words_of(error: BaseException) -> tuple[State, int, str]:
    """Return the state, the exit code and the message of an attempt that an exception ended."""
    if isinstance(error, Interrupted):
        return "stopped", error.exit_code, str(error)
    if isinstance(error, KeyboardInterrupt):
        return "stopped", exit_code_of_stop(), "Stopped at once."
    if isinstance(error, VidgenBenchError):
        return "failed", error.exit_code, str(error)
    return "failed", 1, f"{type(error).__name__}: {error}"


def _complete(folder: Path, status: Status | None, owner: Owner | None) -> None:
    """Add the lines that killed processes did not write: of the last status, and of a token that its process never gave back."""
    known = max((attempt.attempt for attempt in read_attempts(folder)), default=0)
    if status is not None and known < status.attempt <= MOST_ATTEMPTS:
        append_attempt(folder, _attempt_of(status))
        known = status.attempt
    if owner is not None and known < owner.attempt <= MOST_ATTEMPTS:
        append_attempt(
            folder,
            Attempt(
                attempt=owner.attempt,
                host=owner.host,
                pid=owner.pid,
                job=owner.job,
                begun=owner.since,
                ended=owner.since,
                message=KILLED,
            ),
        )


def _attempt_of(status: Status) -> Attempt:
    killed = status.exit_code is None
    return Attempt(
        attempt=status.attempt,
        host=status.host,
        pid=status.pid,
        job=status.job,
        device=status.device,
        begun=status.started,
        ended=status.heartbeat,
        exit_code=status.exit_code,
        message=KILLED if killed else status.message,
    )
