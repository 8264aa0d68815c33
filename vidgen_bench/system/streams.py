"""Standard streams that never stop a command: closed, full and broken ones swallow the text, and the work goes on.

Training for hours must not end because a terminal has closed or the reader of a pipe has left. The lost text costs an exit code only
where nobody chose to lose it: a full disk does, a closed stream and a reader that left (``| head``) do not.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import TextIO

_STANDARD = (0, 1, 2)
_LEAVERS = (errno.EPIPE, errno.ECONNRESET)
"""Errors of a stream whose reader has left."""
COLUMNS_RANGE = range(20, 1001)
"""Widths that tables and help pages can have; rich fails or prints nothing at some others."""


class LossyFile(io.FileIO):
    """A stream whose first failed write is kept as ``failure``; later writes are dropped."""

    failure: OSError | None = None

    def write(self, data: object, /) -> int:
        """Write, or drop what cannot be written; wait where another process has made the stream non-blocking."""
        view = memoryview(data).cast("B")  # type: ignore[arg-type]
        while self.failure is None:
            try:
                written = super().write(view)
            except OSError as error:
                self.failure = error
                break
            if written is not None:
                return written
            select.select([], [self.fileno()], [])
        return len(view)


def harden_streams() -> None:
    """Give closed standard streams a place, and make the others swallow failed writes; call it before anything opens a file.

    A closed descriptor 1 or 2 would be given to the next file that is opened, and a library's warning would be written into that file.
    """
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # numpy, rich and typer expect a stream
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif stream is getattr(sys, f"__{name}__") and isinstance(stream, io.TextIOWrapper):
            setattr(sys, name, _lossy(stream))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _lossy(stream: io.TextIOWrapper) -> TextIO:
    """Return a stream on the same descriptor that drops what cannot be written, and prints "?" for what a terminal cannot show."""
    raw = LossyFile(stream.fileno(), "wb", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors="replace",
        line_buffering=stream.line_buffering or stream.write_through,  # the second with python -u
        write_through=stream.write_through,
    )


def lost_output() -> str | None:
    """Flush standard output; return why some of its text could not be written, or None if all was or its reader has left."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    failure = raw.failure if isinstance(raw, LossyFile) else None
    if failure is None or failure.errno in _LEAVERS:
        return None
    return failure.strerror or str(failure)


def check_sizes() -> None:
    """Drop ``COLUMNS``, ``LINES`` and ``TERMINAL_WIDTH`` from the environment where rich or typer could not use them."""
    for name in ("COLUMNS", "LINES", "TERMINAL_WIDTH"):
        value = os.environ.get(name, "")
        valid = COLUMNS_RANGE if name != "LINES" else range(1, COLUMNS_RANGE.stop)
        if not (value.isascii() and value.isdigit() and len(value) < 8 and int(value) in valid):
            os.environ.pop(name, None)
