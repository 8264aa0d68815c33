"""A process that executes one run of a suite, and tells the process that started it what happens.

It reads its task from standard input and writes messages to standard output, both as pickles; what a plugin prints goes to standard
error. No torch is imported before the number of threads is set, which OpenMP and BLAS libraries read when they are loaded.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Literal, NamedTuple

from vidgen_bench.errors import BusyError, DataError, DataWarning, Interrupted
from vidgen_bench.system.observer import Glance, Observer

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Where the libraries below torch, numpy and scipy look up their number of threads."""


class Report(NamedTuple):
    """A call of a method of :class:`~vidgen_bench.system.observer.Observer`."""

    method: Literal["stage", "progress", "trained", "evaluated"]
    arguments: tuple[Any, ...]


class Caution(NamedTuple):
    """The text of a :class:`~vidgen_bench.errors.DataWarning`."""

    text: str


class Done(NamedTuple):
    """The run has a record; ``already`` if it had one before."""

    already: bool


class Failed(NamedTuple):
    """The run ended without a record."""

    kind: Literal["stopped", "busy", "data", "other"]
    text: str


Message = Report | Caution | Done | Failed


def main() -> None:
    """Execute the pickled task (request, seed, threads) of standard input; ``threads`` is for a new run, a resumed one keeps its own."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    task, threads = pickle.load(sys.stdin.buffer)
    os.environ |= dict.fromkeys(THREADS, str(threads))
    sender = _Sender(channel, warnings.showwarning)
    warnings.showwarning = sender.warned  # type: ignore[assignment]
    try:
        end = _execute(task, threads, sender)
    except KeyboardInterrupt:
        end = Failed("stopped", "Stopped at once.")
    sender.send(end)
    sys.stderr.flush()
    os._exit(0)  # without waiting for threads that a plugin left


def _execute(task: bytes, threads: int, sender: _Sender) -> Message:
    import torch

    from vidgen_bench.experiments.ablate.running import message_of
    from vidgen_bench.experiments.run.execute import execute
    from vidgen_bench.experiments.run.plan import make_plan
    from vidgen_bench.host.host import Host

    torch.set_num_threads(threads)
    try:
        request, seed = pickle.loads(task)
        return Done(execute(make_plan(request, Host.of_environment()), seed, sender).already)
    except Interrupted as error:
        return Failed("stopped", str(error))
    except BusyError as error:
        return Failed("busy", message_of(error))
    except DataError as error:
        return Failed("data", str(error))
    except (Exception, SystemExit) as error:  # a plugin may raise anything
        return Failed("other", message_of(error))


class _Sender(Observer):
    """Sends every report to the first process; if that is gone, the run is saved and ends."""

    def __init__(self, channel: BinaryIO, otherwise: Callable[..., None]) -> None:
        self._channel, self._otherwise = channel, otherwise
        self._alone = False

    def send(self, message: Message) -> None:
        if self._alone:
            return
        try:
            pickle.dump(message, self._channel)
            self._channel.flush()
        except OSError:
            self._alone = True
            signal.raise_signal(signal.SIGTERM)

    def warned(self, message: Warning | str, kind: type[Warning], *place: Any) -> None:
        """Send a warning about the data; print others as Python does."""
        if issubclass(kind, DataWarning):
            self.send(Caution(str(message)))
        else:
            self._otherwise(message, kind, *place)

    def stage(self, text: str) -> None:
        """Send."""
        self.send(Report("stage", (text,)))

    def progress(self, what: str, done: int, total: int) -> None:
        """Send."""
        self.send(Report("progress", (what, done, total)))

    def trained(self, glance: Glance) -> None:
        """Send."""
        self.send(Report("trained", (glance,)))

    def evaluated(self, iteration: int, scores: Mapping[str, float], best_iteration: int) -> None:
        """Send."""
        self.send(Report("evaluated", (iteration, dict(scores), best_iteration)))
