"""Writes ``status.json`` while a run works. A thread does it, so that a slow or full disk never holds the run up or ends it."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.experiments.run.attempts import one_line
from vidgen_bench.experiments.run.status import STATUS, State, Status
from vidgen_bench.system.files import write_text
from vidgen_bench.system.observer import Glance, Observer
from vidgen_bench.system.repeating import Repeating

LEAST_SECONDS = 5.0
"""Shortest time between two writes, unless the state changes."""

BEAT_SECONDS = 30.0
"""Longest time between two writes, whether anything happens or not."""


class StatusWriter(Observer):
    """Forwards every report to another observer, and keeps ``status.json`` up to date while the block runs."""

    def __init__(self, observer: Observer, folder: Path, status: Status, allowed: Callable[[], bool]) -> None:
        """Begin with a status, whose heartbeat is set at each write; nothing is written while ``allowed()`` is False."""
        self._observer, self._folder, self._allowed = observer, folder, allowed
        self._status, self._lock = status, threading.Lock()
        self._changed, self._written = True, -BEAT_SECONDS
        self._thread = Repeating(self._look, LEAST_SECONDS)

    def __enter__(self) -> StatusWriter:
        self._write()
        self._thread.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._thread.__exit__(*exception)

    @property
    def status(self) -> Status:
        """The status of now."""
        return self._status

    def state(self, state: State) -> None:
        """Set the state; it is written at once."""
        self._set(state=state)
        self._thread.now()

    def end(self, state: State, exit_code: int, message: str = "") -> None:
        """Write the last status of this attempt, now."""
        share = 1.0 if state == "done" else self._status.share
        self._set(state=state, exit_code=exit_code, message=one_line(message), share=share)
        self._write()

    def stage(self, text: str) -> None:
        """Forward, and keep the heading."""
        self._observer.stage(text)
        self._set(stage=one_line(text))

    def progress(self, what: str, done: int, total: int) -> None:
        """Forward."""
        self._observer.progress(what, done, total)

    def trained(self, glance: Glance) -> None:
        """Forward, and keep the iteration and the share of the budget."""
        self._observer.trained(glance)
        self._set(iteration=glance.iteration, share=min(max(glance.share, 0.0), 1.0))

    def evaluated(self, iteration: int, scores: Mapping[str, float], best_iteration: int) -> None:
        """Forward, and keep the scores."""
        self._observer.evaluated(iteration, scores, best_iteration)
        values = {name: float(value) for name, value in scores.items()}
        self._set(iteration=iteration, scores=values, best_iteration=best_iteration)

    def _set(self, **fields: Any) -> None:
        self._status = self._status.model_copy(update=fields)
        self._changed = True

    def _look(self) -> None:
        if time.monotonic() - self._written >= (0.0 if self._changed else BEAT_SECONDS):
            self._write()

    def _write(self) -> None:
        """Write the status; a disk that refuses it is asked again next time."""
        with self._lock:
            self._changed, self._written = False, time.monotonic()
            status = self._status.model_copy(update={"heartbeat": now()})
            with suppress(OSError, VidgenBenchError):
                if self._allowed():
                    write_text(self._folder / STATUS, status.model_dump_json(indent=2) + "\n")


def now() -> datetime.datetime:
    """Return the time in UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)
