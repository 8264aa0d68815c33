"""The folder of one run: its path, the request it belongs to, and its lock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vidgen_bench.compose.resolve import Resolved
from vidgen_bench.config.defaults import MOST_THREADS
from vidgen_bench.config.toml import explain
from vidgen_bench.errors import BusyError, DamagedError, RecordError, RequestError
from vidgen_bench.records.entries import TracePoint
from vidgen_bench.records.folder_name import folder_name
from vidgen_bench.records.record import RECORD_FILE, Record, read_record
from vidgen_bench.system.files import disk_errors, write_text
from vidgen_bench.training.checkpoint import TRACE, parse_trace

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


class RunFolder:
    """One run's files: ``request.json``, ``trace.jsonl``, ``last.pt``, ``best-*.pt``, ``record.json``, ``samples.gif|png``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def record_path(self) -> Path:
        """Path of the record, which exists once the run is finished."""
        return self.path / RECORD_FILE

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder for the length of the block.

        Raises:
            BusyError: another process holds the lock.
        """
        with disk_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise BusyError(
                f"Another process is using {self.path} right now. Wait for it, or give another --runs folder."
            ) from None
        try:
            for part in self.path.glob(".*.part"):  # left by a kill in the middle of a write
                part.unlink(missing_ok=True)
            yield
        finally:
            lock.release()

    def request(self) -> dict[str, Any] | None:
        """Return the request that the folder was created for, or None if the folder is new.

        Raises:
            RecordError: the file is damaged, or is missing beside results.
        """
        path = self.path / "request.json"
        if not path.exists():
            if self.record_path.exists() or (self.path / "last.pt").exists():
                raise RecordError(
                    f"The run folder {self.path} has results but no request.json to identify them. Delete the folder."
                )
            return None
        try:
            table = json.loads(path.read_bytes())
            _Request.model_validate(table)
        except ValidationError as error:
            raise DamagedError(
                f"{path} is damaged:\n{explain(error, _Request)}\nRestore it, or delete the folder {self.path} to start afresh."
            ) from None
        except (OSError, ValueError, RecursionError):
            raise DamagedError(
                f"{path} is damaged: it is not valid JSON. Restore it, or delete the folder {self.path} to start afresh."
            ) from None
        return table

    def claim(self, request: dict[str, Any]) -> None:
        """Write the request of this folder, or check that it is the same as before.

        Raises:
            RequestError: the folder belongs to another spec, data, track, instrument or torch version; the message names the key.
        """
        before = self.request()
        if before is None:
            write_text(self.path / "request.json", json.dumps(request, indent=2) + "\n")
            return
        for key in request:
            if key in _LATER and key not in before:
                continue
            if before.get(key) != request[key]:
                was, now = _short(before.get(key)), _short(request[key])
                raise RequestError(
                    f"The run folder {self.path} belongs to another run: its {key} is {was}, not {now}. "
                    "Give another --runs folder, or delete this one."
                )

    def trace(self) -> list[TracePoint]:
        """Return the evaluations so far.

        Raises:
            RecordError: the file cannot be read, or a line is not an evaluation.
        """
        path = self.path / TRACE
        if not path.exists():
            return []
        try:
            content = path.read_bytes()
        except OSError as error:
            raise RecordError(f"{path} is damaged: it cannot be read ({error.strerror or error}).") from None
        return parse_trace(content, path)

    def record(self) -> Record | None:
        """Return the record, or None if the run is not finished."""
        return read_record(self.record_path) if self.record_path.exists() else None


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 160 else text[:157] + "..."
