"""The folder of one run: its path, the request it belongs to, and its lock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from vidgen_bench.compose.resolve import Resolved
from vidgen_bench.config.defaults import MOST_THREADS
from vidgen_bench.config.toml import explain
from vidgen_bench.errors import DamagedError, RecordError, RequestError
from vidgen_bench.experiments.run.attempts import ATTEMPTS
from vidgen_bench.experiments.run.differences import difference
from vidgen_bench.experiments.run.owner import BEAT_SECONDS, OWNER, Ownership, busy
from vidgen_bench.experiments.run.status import STATUS
from vidgen_bench.records.entries import TracePoint
from vidgen_bench.records.folder_name import folder_name
from vidgen_bench.records.record import RECORD_FILE, Record, read_record
from vidgen_bench.records.trace_file import TRACE, parse_trace
from vidgen_bench.system.files import disk_errors, write_text
from vidgen_bench.system.lock_file import acquire
from vidgen_bench.system.regular_files import is_there, read_file, require_folders, require_regular
from vidgen_bench.system.repeating import Repeating

_LATER = ("declared", "own_temporal")
"""Keys that the first run folders lack; the track's fingerprint and the options distinguish the same runs."""


def folder_of(runs: Path, track: str, resolved: Resolved, seed: int) -> Path:
    """Return ``runs/TRACK/SPEC[,option=value...]/seed-N``, the same folder for all spellings of a spec."""
    return runs / track / folder_name(str(resolved.spec), resolved.given) / f"seed-{seed}"


class _Environment(BaseModel):
    """The keys of the environment that continue a run; the others are only compared."""

    threads: int = Field(strict=True, ge=1, le=MOST_THREADS)


class _Request(BaseModel):
    """The keys of ``request.json`` that continue a run; the others are only compared."""

    model_config = ConfigDict(strict=True)

    spec: str
    seed: int = Field(ge=0)
    options: dict[str, Any]
    environment: _Environment
    code: dict[str, str] = {}
    begun: AwareDatetime | None = Field(default=None, strict=False)


_VERSIONS = ("vidgen-bench", "plugins")
"""Keys of the environment that name code."""

REQUEST = "request.json"

LOG = "log.txt"
"""The output of the processes that a launcher started for a run."""

FILES = (
    *(REQUEST, "trace.jsonl", "last.pt", "record.json", "samples.gif", "samples.png"),
    *(OWNER, STATUS, ATTEMPTS, LOG),
)
"""The files of a run that have the same name in every run folder."""


class RunFolder:
    """One run's files: ``best-*.pt`` and those of ``FILES``.

    Each is a regular file of this folder; links are refused, so that a run folder from elsewhere cannot lead out of itself.
    """

    def __init__(self, path: Path, below: Path | None = None) -> None:
        """Use the folder ``path``; ``below`` is the folder of runs that the user gave, in which no folder may be a link."""
        self.path = path
        self._below = below

    @property
    def record_path(self) -> Path:
        """Path of the record, which exists once the run is finished."""
        return self.path / RECORD_FILE

    @contextmanager
    def locked(self, attempt: Callable[[Path], int] = lambda folder: 0) -> Iterator[Ownership]:
        """Lock the folder and own it for the length of the block; make it if it is missing.

        Args:
            attempt: returns the number of the attempt at the run that begins in this folder; 0 if none does.
        Raises:
            BusyError: another process has the folder.
            RecordError: a folder above it, the lock file or a file of the run is a link, pipe or device.
            VidgenBenchError: the folder cannot be written.
        """
        self.check()
        with disk_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        lock = acquire(self.path / ".lock")
        if lock is None:
            raise busy(self.path)
        try:
            ownership = Ownership(self.path, attempt(self.path))
            ownership.take()
            try:
                self._sweep()
                with Repeating(ownership.beat, BEAT_SECONDS):
                    yield ownership
            finally:
                ownership.release()
        finally:
            lock.release()

    def _sweep(self) -> None:
        """Delete what a kill in the middle of a write left."""
        with disk_errors(self.path):
            for part in self.path.glob(".*.part"):
                if not part.is_dir():
                    part.unlink(missing_ok=True)

    def check(self) -> None:
        """Check that neither a folder between the folder of runs and this one nor a file of the run is a link, pipe or device.

        It is done first, rather than when a file is written after hours of training.

        Raises:
            RecordError: one of them is.
        """
        if self._below is not None:
            require_folders(self.path, self._below)
        for file in (*(self.path / name for name in FILES), *self.path.glob("best-*.pt")):
            require_regular(file)

    def is_finished(self) -> bool:
        """Return whether the folder has a record, which is written last."""
        self.check()
        return is_there(self.record_path)

    def request(self) -> dict[str, Any] | None:
        """Return the request that the folder was created for, or None if the folder is new.

        Raises:
            RecordError: the file is damaged or a link, or is missing beside results.
            UnreadableError: the file may not be read; it may be intact.
        """
        path = self.path / REQUEST
        if not is_there(path):
            if is_there(self.record_path) or is_there(self.path / "last.pt"):
                raise RecordError(
                    f"The run folder {self.path} has results but no request.json to identify them. Restore that file, or give another "
                    "--runs folder."
                )
            return None
        try:
            table = json.loads(read_file(path))
            _Request.model_validate(table)
        except ValidationError as error:
            raise DamagedError(
                f"{path} is damaged:\n{explain(error, _Request)}\nRestore it, or delete the folder {self.path} to start afresh."
            ) from None
        except (ValueError, RecursionError):
            raise DamagedError(
                f"{path} is damaged: it is not valid JSON. Restore it, or delete the folder {self.path} to start afresh."
            ) from None
        return table

    def code(self) -> dict[str, str]:
        """Return the hash of each package that trains this run, as it was when the run began or went on; empty if it is not known.

        Raises:
            VidgenBenchError: the request is damaged or cannot be read.
        """
        return dict((self.request() or {}).get("code", {}))

    def begun(self) -> datetime:
        """Return when the run of a folder that has a request began, or when that was written, if an earlier version began it.

        Raises:
            VidgenBenchError: the request is damaged or cannot be read.
        """
        if begun := _Request.model_validate(self.request()).begun:
            return begun
        with disk_errors(self.path):
            return datetime.fromtimestamp((self.path / REQUEST).stat().st_mtime, UTC)

    def claim(self, request: Mapping[str, Any], noted: Mapping[str, Any] | None = None) -> None:
        """Write the request of this folder, or check that it is the same as before.

        Args:
            request: what identifies the run.
            noted: what else is kept of a new run, and is not compared: the names of its classes, its code, and when it began.
        Raises:
            RequestError: the folder belongs to another spec, data, track, instrument or torch version; the message names the key.
        """
        if self.request() is None:
            self._write({**request, **(noted or {})})
        else:
            self.check_claim(request)

    def accept(self, request: Mapping[str, Any], code: Mapping[str, str]) -> None:
        """Let the run go on with other code: check the request, apart from the versions of that code, and write both.

        Raises:
            RequestError: as :meth:`claim`.
        """
        before = self.request()
        assert before is not None
        versions = {key: request["environment"][key] for key in _VERSIONS}
        self.check_claim({**request, "environment": {**request["environment"], **_kept(before, versions)}})
        self._write({**before, "environment": {**before["environment"], **versions}, "code": dict(code)})

    def _write(self, request: Mapping[str, Any]) -> None:
        write_text(self.path / REQUEST, json.dumps(request, indent=2) + "\n")

    def check_claim(self, request: Mapping[str, Any]) -> None:
        """Check that the request of this folder is the same as before; nothing is written.

        Raises:
            RequestError: the folder belongs to another spec, data, track, instrument or torch version; the message names the key.
        """
        before = self.request() or {}
        for key in request:
            if key in _LATER and key not in before:
                continue
            if before.get(key) != request[key]:
                differs = difference(key, before.get(key), request[key])
                raise RequestError(
                    f"The run folder {self.path} belongs to another run: {differs}. "
                    "Give another --runs folder, or delete this one."
                )

    def trace(self) -> list[TracePoint]:
        """Return the evaluations so far.

        Raises:
            RecordError: the file is a link, or a line is not an evaluation.
            UnreadableError: the file may not be read; it may be intact.
        """
        path = self.path / TRACE
        return parse_trace(read_file(path), path) if is_there(path) else []

    def record(self) -> Record | None:
        """Return the record, or None if the run is not finished."""
        return read_record(self.record_path) if is_there(self.record_path) else None


def _kept(request: Mapping[str, Any], versions: Mapping[str, Any]) -> dict[str, Any]:
    """Return these keys of the environment of an earlier request."""
    return {key: request["environment"][key] for key in versions if key in request["environment"]}
