"""The log of a job: where an attempt begins in it, and the words of its error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.system.regular_files import reading

_LAST = 2**16
"""Bytes at the end of a log that are searched."""

_LINES = 5
"""Lines of an error that are quoted."""

_ERRORS = ("error:", "internal error:", "interrupted:", "Stopped")


def size_of(log: Path) -> int:
    """Return the length of a log in bytes, 0 if it does not exist."""
    try:
        return log.stat().st_size
    except OSError:
        return 0


def last_words(log: Path, start: int = 0) -> str:
    """Return the last error in a log on one line, else its last line, else "".

    Args:
        log: the file.
        start: the byte at which the attempt began.
    """
    lines = [line for line in lines_of(log, start) if line.strip()]
    errors = [number for number, line in enumerate(lines) if line.startswith(_ERRORS)]
    found = lines[errors[-1] :][:_LINES] if errors else lines[-1:]
    return " ".join(" ".join(found).split()).removeprefix("error: ")


def last_line(log: Path) -> str:
    """Return the last line of a log that is not empty, else ""."""
    return next((line.strip() for line in reversed(lines_of(log)) if line.strip()), "")


def warnings_in(log: Path, start: int = 0) -> Iterator[str]:
    """Yield the warnings about the data in a log."""
    for line in lines_of(log, start):
        if line.startswith("warning: "):
            yield line.removeprefix("warning: ")


def lines_of(log: Path, start: int = 0) -> list[str]:
    """Return the last lines of a log, at most those of an attempt that began at a byte."""
    try:
        with reading(log) as stream:
            size = stream.seek(0, 2)
            stream.seek(max(size - _LAST, min(start, size)))
            return stream.read().decode(errors="replace").splitlines()
    except (OSError, VidgenBenchError):
        return []
