"""``owner.json``: which process may write a run folder. It holds where two machines share a folder without sharing its locks.

A process that takes the folder writes a token of its own, and reads it again before each write that matters. A process that finds
another's token there has lost the folder and stops. While the owner lives it touches the file, so that others can tell it from one that
was killed. They compare times that the folder's file system gave, never the clocks of two machines.
"""

from __future__ import annotations

import datetime
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from vidgen_bench.errors import BusyError, RecordError, UnreadableError, VidgenBenchError
from vidgen_bench.escaping import one_line
from vidgen_bench.experiments.run.status import STATUS
from vidgen_bench.system.files import disk_errors, sync_file, umask, write_text
from vidgen_bench.system.regular_files import is_there, read_file, require_regular
from vidgen_bench.system.this_process import batch_job, host, is_running, machine

OWNER = "owner.json"
"""Its name in the run folder."""

BEAT_SECONDS = 20.0
"""Seconds between two signs of life of an owner."""

SILENT_SECONDS = 180.0
"""Seconds without a sign of life after which an owner counts as dead."""

SETTLE_SECONDS = 1.0
"""Seconds after which a process that replaced a dead owner looks whether its own token is still there."""

_MOST = 2**14
"""The largest file that is read, in bytes."""


class Owner(BaseModel):
    """The process that may write a run folder."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    token: str = Field(min_length=1, max_length=64)
    host: str = Field(default="", max_length=300)
    machine: str = Field(default="", max_length=600)
    """What tells the processes of this host since its start from all others; see :mod:`vidgen_bench.system.this_process`."""
    pid: int = Field(default=0, ge=0, lt=2**31)
    job: str = Field(default="", max_length=300)
    """The job of a batch system, or ""."""
    attempt: int = Field(default=0, ge=0)
    """The attempt at the run; 0 if the process does something else with the folder."""
    since: datetime.datetime
    """When it took the folder, by its own clock."""


class Ownership:
    """The token of this process in a run folder, which has to exist and whose lock this process has to hold."""

    def __init__(self, folder: Path, attempt: int = 0) -> None:
        """Describe the token; :meth:`take` writes it."""
        self._folder, self._path = folder, folder / OWNER
        self.previous = read_owner(folder)
        """The owner that was killed before it could give the folder back, if there is one."""
        self.owner = Owner(
            token=secrets.token_hex(16),
            host=host(),
            machine=machine(),
            pid=os.getpid(),
            job=batch_job(),
            attempt=attempt,
            since=datetime.datetime.now(datetime.UTC).replace(microsecond=0),
        )

    def take(self) -> None:
        """Write the token, unless the folder has an owner that may be alive.

        Raises:
            BusyError: another process has the folder.
            RecordError: the file is a link, pipe or device.
            VidgenBenchError: the folder cannot be written.
        """
        text = self.owner.model_dump_json(indent=2) + "\n"
        require_regular(self._path)
        with disk_errors(self._path):
            if self._create(text):
                return
            if is_there(self._path):
                self._require_dead()
        write_text(self._path, text)
        # another process may have found the same dead owner: whoever writes last has the folder
        time.sleep(SETTLE_SECONDS)
        self.check()

    def check(self) -> None:
        """Check that the folder still has this token; call it before each write that another owner's would contradict.

        Raises:
            BusyError: another process has taken the folder, or the token was deleted.
        """
        if not self.holds():
            other = read_owner(self._folder)
            now = f"{_words(other)} has taken it" if other else f"its {OWNER} was deleted"
            raise BusyError(
                f"{self._folder} no longer belongs to this process: {now}. Nothing more is written there by this process."
            )

    def holds(self) -> bool:
        """Return whether the folder still has this token; a file system that does not answer takes nothing away."""
        try:
            return _parsed(read_file(self._path, most=_MOST)).token == self.owner.token
        except UnreadableError:
            return True
        except (FileNotFoundError, ValueError, RecordError):
            return False

    def beat(self) -> None:
        """Give a sign of life; it never raises."""
        with suppress(Exception):
            if self.holds():
                os.utime(self._path)

    def release(self) -> None:
        """Give the folder back, so that the next process need not wait."""
        if self.holds():
            with suppress(OSError):
                self._path.unlink()

    def _create(self, text: str) -> bool:
        """Write the file and return True if there is none; of several machines that try, one succeeds.

        A file system without hard links cannot do that: False.
        """
        with _temporary(self._folder) as (handle, name):
            with os.fdopen(handle, "w") as stream:
                stream.write(text)
                sync_file(stream)
            os.chmod(name, 0o666 & ~umask())
            try:
                os.link(name, self._path)
            except OSError:
                return False
        return True

    def _require_dead(self) -> None:
        """Raise BusyError if the owner of the folder may be alive."""
        owner, own = read_owner(self._folder), self.owner
        if (
            owner
            and owner.machine
            and owner.machine == own.machine
            and (owner.pid == own.pid or not is_running(owner.pid))
        ):
            return
        silent = _seconds_silent(self._folder)
        if silent < SILENT_SECONDS:
            raise BusyError(
                f"{self._folder} is being used by {_words(owner)}; its last sign of life was {silent:.0f} seconds ago. Wait for it, or "
                f"give another --runs folder. If that process is dead, the folder is free after {SILENT_SECONDS:.0f} seconds of silence."
            )


def read_owner(folder: Path) -> Owner | None:
    """Return the owner of a run folder, or None if it has none that can be read."""
    try:
        return _parsed(read_file(folder / OWNER, most=_MOST))
    except (OSError, ValueError, VidgenBenchError):
        return None


def busy(folder: Path) -> BusyError:
    """Return the error for a folder whose lock another process holds."""
    return BusyError(
        f"{folder} is being used by {_words(read_owner(folder))}. Wait for it, or give another --runs folder."
    )


def _parsed(content: bytes) -> Owner:
    """Return the owner in a file; pydantic's error for a damaged one is a ValueError."""
    return Owner.model_validate_json(content)


def _words(owner: Owner | None) -> str:
    """Return ``process 7 on node3 (slurm 17) since 2026-11-30 12:00:00 UTC``."""
    if owner is None:
        return "another process"
    job = f" ({one_line(owner.job)})" if owner.job else ""
    return f"process {owner.pid} on {one_line(owner.host)}{job} since {owner.since:%Y-%m-%d %H:%M:%S %Z}".strip()


def _seconds_silent(folder: Path) -> float:
    """Return the seconds since the last sign of life of a folder's owner, by the clock of its file system.

    A file system may take the time of a touch from the machine that touches, whose clock may be wrong in either direction; the time
    of a write is its own.
    """
    with _temporary(folder) as (handle, _), os.fdopen(handle, "wb") as stream:
        stream.write(b"?")
        sync_file(stream)
        now = os.fstat(stream.fileno()).st_mtime
    ages = []
    for name in (OWNER, STATUS):
        with suppress(FileNotFoundError):
            ages.append(abs(now - os.lstat(folder / name).st_mtime))
    return min(ages, default=SILENT_SECONDS)


@contextmanager
def _temporary(folder: Path) -> Iterator[tuple[int, str]]:
    """Make a file for the length of the block, of the kind that is swept if this process is killed."""
    handle, name = tempfile.mkstemp(prefix=f".{OWNER}.", suffix=".part", dir=folder)
    try:
        yield handle, name
    finally:
        Path(name).unlink(missing_ok=True)
