"""``attempts.jsonl``: how each attempt at a run ended, one line per attempt. It is for people; nothing depends on it."""

from __future__ import annotations

import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.system.regular_files import appending, read_file

ATTEMPTS = "attempts.jsonl"
"""Its name in the run folder."""

_MOST = 2**22
"""The largest file that is read, in bytes: more than ten thousand attempts."""

MOST_ATTEMPTS = 10**6
MOST_WORDS = 500
"""The longest message that is kept."""

KILLED = "ended without a word: it was killed, or its machine stopped"


class Attempt(BaseModel):
    """One attempt at a run: where it ran, and how it ended."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    attempt: int = Field(ge=1, le=MOST_ATTEMPTS)
    """1 for the first attempt."""
    host: str = ""
    pid: int = 0
    job: str = ""
    """The job of a batch system: ``slurm 17_3``, or ""."""
    device: str = ""
    begun: datetime.datetime = Field(validation_alias="from", serialization_alias="from")
    ended: datetime.datetime = Field(validation_alias="to", serialization_alias="to")
    """When it ended; for one that was killed, when it last gave a sign of life."""
    exit_code: int | None = None
    """None if it was killed."""
    message: str = ""
    """Why it ended, on one line."""


def read_attempts(folder: Path) -> tuple[Attempt, ...]:
    """Return the attempts that have ended, in the order of the file; lines and files that cannot be read are left out."""
    try:
        lines = read_file(folder / ATTEMPTS, most=_MOST).splitlines()
    except (OSError, VidgenBenchError):
        return ()
    return tuple(attempt for line in lines if (attempt := _parsed(line)) is not None)


def append_attempt(folder: Path, attempt: Attempt) -> None:
    """Append the line of an attempt; a line that a killed process left unfinished stays a line of its own.

    Raises:
        RecordError: the file is a link, pipe or device, or has a second name.
        OSError: it cannot be written.
    """
    with appending(folder / ATTEMPTS) as stream:
        size = stream.seek(0, 2)
        stream.seek(max(size - 1, 0))
        cut = b"\n" if size and stream.read(1) != b"\n" else b""
        stream.write(cut + attempt.model_dump_json(by_alias=True).encode() + b"\n")


def one_line(text: str) -> str:
    """Return a message on one line, as the files of a run keep it."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_WORDS else line[: MOST_WORDS - 3] + "..."


def _parsed(line: bytes) -> Attempt | None:
    try:
        return Attempt.model_validate_json(line)
    except (ValidationError, ValueError):
        return None
