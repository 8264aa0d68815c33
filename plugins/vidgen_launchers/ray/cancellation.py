"""Notices that Ray cancels a task, at any moment and without an exception in the middle of something."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class Cancellation:
    """In a ``with`` block of a task: whether it was cancelled. Ray simulates Ctrl-C, which would otherwise raise KeyboardInterrupt."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> Cancellation:
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._main:
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
