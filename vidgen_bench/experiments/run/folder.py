"""The folder of one run: its path, the request it belongs to, and its lock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from vidgen_bench.compose.resolve import Resolved
from vidgen_bench.errors import BusyError, RecordError, RequestError
from vidgen_bench.records.entries import TracePoint
from vidgen_bench.records.folder_name import folder_name
from vidgen_bench.records.record import RECORD_FILE, Record, read_record
from vidgen_bench.system.files import disk_errors, write_text

_LATER = ("declared", "own_temporal")
"""Keys that the first run folders lack; the track's fingerprint and the options distinguish the same runs."""


def folder_of(runs: Path, track: str, resolved: Resolved, seed: int) -> Path:
    """Return ``runs/TRACK/SPEC[,option=value...]/seed-N``, the same folder for all spellings of a spec."""
    return runs / track / folder_name(str(resolved.spec), resolved.given) / f"seed-{seed}"


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
            if not isinstance(table["environment"]["threads"], int):
                raise ValueError("no request")
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            raise RecordError(f"{path} is damaged. Delete the folder {self.path} to start afresh.") from None
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
        path = self.path / "trace.jsonl"
        if not path.exists():
            return []
        try:
            return [TracePoint.model_validate_json(line) for line in path.read_bytes().decode().splitlines()]
        except (OSError, ValueError):
            raise RecordError(
                f"{path} is damaged: expected one evaluation per line. Delete the folder {self.path} to start afresh."
            ) from None

    def record(self) -> Record | None:
        """Return the record, or None if the run is not finished."""
        return read_record(self.record_path) if self.record_path.exists() else None


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 160 else text[:157] + "..."
