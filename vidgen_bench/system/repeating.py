"""A thread that repeats a small action, such as writing a heartbeat, while the main thread works."""

from __future__ import annotations

import threading
from collections.abc import Callable

_PATIENCE = 10.0
"""Seconds that the end of the block waits for an action on a file system that hangs."""


class Repeating:
    """While the block runs, ``action()`` is called every few seconds in a daemon thread; it must not raise."""

    def __init__(self, action: Callable[[], object], seconds: float) -> None:
        self._action, self._seconds = action, seconds
        self._ended, self._woken = False, threading.Event()
        self._thread = threading.Thread(target=self._repeat, name=f"every {seconds:g} s", daemon=True)

    def __enter__(self) -> Repeating:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended = True
        self._woken.set()
        self._thread.join(_PATIENCE)

    def now(self) -> None:
        """Call the action soon, without waiting for it."""
        self._woken.set()

    def _repeat(self) -> None:
        while not self._ended:
            self._woken.wait(self._seconds)
            self._woken.clear()
            if not self._ended:
                self._action()
