"""Guards the import of a plugin: what it does at import must not end, hang or fork the command without anybody being named.

Every entry point is loaded, whatever the command needs. Their names do not tell what they declare: ``ode`` declares three temporal
generators, a pairing of any package may change the options of any spec, and a name that two packages declare must be refused.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SLOW = 5.0
"""Seconds after which a plugin that is still loading is named."""

HELD = 10.0
"""Seconds after which its line is printed if it could not be named: a loop in C may keep every other Python thread from running."""

_LOG = logging.getLogger("vidgen_bench.host")


class EndedProcess(BaseException):
    """A plugin called ``os._exit`` while it was loaded."""


class Announcer:
    """While its block runs, names every plugin that has been loading for ``SLOW`` seconds, once, as a logged warning."""

    def __init__(self, advice: str, seconds: float = SLOW) -> None:
        self._advice, self._seconds = advice, seconds
        self._name: str | None = None
        self._changed = threading.Condition()
        self._ended = False

    def __enter__(self) -> Announcer:
        threading.Thread(target=self._watch, name="vidgen-bench-announcer", daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify()

    def begin(self, name: str) -> None:
        """Start the clock of the next plugin."""
        with self._changed:
            self._name = name
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while not self._ended:
                current = self._name
                self._changed.wait(None if current is None else self._seconds)
                if self._name == current and current is not None and not self._ended:
                    _LOG.warning("Still loading the plugin %s. %s", current, self._advice)
                    faulthandler.cancel_dump_traceback_later()  # set by guarded()
                    self._name = None


@contextmanager
def guarded() -> Iterator[None]:
    """Run the block, which imports a third party's module, so that it can fail but not end this process.

    ``os._exit`` raises EndedProcess, a crash and a loop in C print the line they came from, and a process that the block forks ends with
    the block. What the block prints goes to standard error: standard output has the results.

    Raises:
        EndedProcess: the block called ``os._exit``.
    """
    process, leave = os.getpid(), os._exit

    def refuse(status: int) -> None:
        if os.getpid() != process:
            leave(status)
        raise EndedProcess(f"it called os._exit({status})")

    with contextlib.redirect_stdout(sys.stderr), _crash_reports():
        os._exit = refuse  # type: ignore[assignment]
        try:
            yield
        finally:
            os._exit = leave
            if os.getpid() != process:
                leave(1)


@contextmanager
def _crash_reports() -> Iterator[None]:
    """Let Python report the line of a crash inside the block, or of a long loop in C, on standard error, where there is one."""
    if faulthandler.is_enabled() or sys.__stderr__ is None:
        yield
        return
    try:
        faulthandler.enable(sys.__stderr__)
        faulthandler.dump_traceback_later(HELD, file=sys.__stderr__)
    except (OSError, ValueError, RuntimeError, io.UnsupportedOperation):  # RuntimeError: no thread could be started
        yield
        return
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        faulthandler.disable()
