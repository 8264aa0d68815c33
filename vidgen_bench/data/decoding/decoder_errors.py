"""The errors that FFmpeg logs about one video: many conceal damage, or leave out frames, and are reported nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from av import logging

_HARMLESS = ("unable to decode APP fields",)
"""Beginnings of messages about what is not the picture."""

_OF_CUTS = ("mmco:", "co located POCs unavailable", "Missing reference picture", "reference picture missing")
"""Beginnings of messages about frames before the first that can be shown, in a video that begins in the middle of another."""

_LOSING = ("matroska,webm", "asf", "flv", "ogg")
"""The readers of containers that log an error when they leave out packets, and on healthy files log none. Others say nothing about
lost packets, and log errors about what no frame depends on."""


class LoggedErrors:
    """The error messages about one video since they were last taken."""

    def __init__(self, logs: list[tuple[int, str, str]]) -> None:
        self._logs = logs
        self._decoder = ""

    def opened(self, decoder: str) -> None:
        """Collect what this decoder logs from now on: while a file is opened, frames are tried without those before them."""
        self._decoder = decoder
        self._logs[:] = [log for log in self._logs if log[1] in _LOSING]

    def lost(self) -> str | None:
        """Return the first new message about packets that the reader of the container left out, or None."""
        return next((text for name, text in self._new() if name in _LOSING), None)

    def take(self, shown: bool) -> str | None:
        """Return the decoder's first new message about damage, or None; ``shown`` tells whether a frame has been shown."""
        ignored = _HARMLESS if shown else _HARMLESS + _OF_CUTS
        texts = [text for name, text in self._new() if name == self._decoder]
        self._logs.clear()
        return next((text for text in texts if text and not text.startswith(ignored)), None)

    def _new(self) -> list[tuple[str, str]]:
        return [(name, text.strip()) for level, name, text in self._logs if level <= logging.ERROR]


@contextmanager
def logged_errors() -> Iterator[LoggedErrors]:
    """Collect what FFmpeg logs in this thread inside the block."""
    level, skipped = logging.get_level(), logging.get_skip_repeated()
    logging.set_level(logging.ERROR)
    logging.set_skip_repeated(False)  # otherwise a message that another video caused before is left out
    try:
        with logging.Capture() as logs:
            yield LoggedErrors(logs)
    finally:
        logging.set_level(level)
        logging.set_skip_repeated(skipped)
