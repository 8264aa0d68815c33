"""The errors that a decoder of FFmpeg logs: many conceal damage in the picture and report it nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from av import logging

_HARMLESS = ("unable to decode APP fields",)
"""Beginnings of messages about what is not the picture."""

_OF_CUTS = ("mmco:", "co located POCs unavailable", "Missing reference picture", "reference picture missing")
"""Beginnings of messages about frames before the first that can be shown, in a video that begins in the middle of another."""


class DecoderErrors:
    """The error messages of one decoder since they were last taken."""

    def __init__(self, decoder: str, logs: list[tuple[int, str, str]]) -> None:
        self._decoder, self._logs = decoder, logs

    def take(self, shown: bool) -> str | None:
        """Return the first new message about damage, or None; ``shown`` tells whether a frame has been shown."""
        texts = [text.strip() for level, name, text in self._logs if name == self._decoder and level <= logging.ERROR]
        self._logs.clear()
        ignored = _HARMLESS if shown else _HARMLESS + _OF_CUTS
        return next((text for text in texts if text and not text.startswith(ignored)), None)


@contextmanager
def decoder_errors(decoder: str) -> Iterator[DecoderErrors]:
    """Collect what the decoder with this name logs in this thread inside the block."""
    level, skipped = logging.get_level(), logging.get_skip_repeated()
    logging.set_level(logging.ERROR)
    logging.set_skip_repeated(False)  # otherwise a message that another video caused before is left out
    try:
        with logging.Capture() as logs:
            yield DecoderErrors(decoder, logs)
    finally:
        logging.set_level(level)
        logging.set_skip_repeated(skipped)
