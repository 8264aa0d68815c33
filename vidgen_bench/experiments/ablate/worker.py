"""A process that executes one run of a suite, and tells the process that started it what happens.

It reads its task from standard input and writes messages to standard output, both as JSON; what a plugin prints goes to standard
error. No torch is imported before the number of threads is set, which OpenMP and BLAS libraries read when they are loaded.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from vidgen_bench.errors import BusyError, DataError, DataWarning, Interrupted
from vidgen_bench.experiments.ablate.messages import Caution, Done, Failed, Message, Report, encode
from vidgen_bench.system.observer import Glance, Observer
from vidgen_bench.system.streams import harden_streams

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Where the libraries below torch, numpy and scipy look up their number of threads."""


def main() -> None:
    """Execute the task of standard input, its request, seed and threads; a resumed run keeps the number of threads that it had."""
    # a shell that ignores signals, as for a command in the background, passes that on, and the first process could not end the run
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    harden_streams()  # before a file takes the place of a closed one
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    task, seed, threads = json.loads(sys.stdin.readline())
    os.environ |= dict.fromkeys(THREADS, str(threads))
    sender = _Sender(channel, warnings.showwarning)
    warnings.showwarning = sender.warned  # type: ignore[assignment]
    # a process that a plugin forks may outlive this one; the first process reads until nobody can write any more
    os.register_at_fork(after_in_child=sender.leave)
    try:
        end = _execute(task, seed, threads, sender)
    except KeyboardInterrupt:
        end = Failed("stopped", "Stopped at once.")
    sender.send(end)
    sys.stderr.flush()
    os._exit(0)  # without waiting for threads that a plugin left


def _execute(task: Mapping[str, Any], seed: int, threads: int, sender: _Sender) -> Message:
    import torch

    from vidgen_bench.experiments.ablate.running import message_of
    from vidgen_bench.experiments.run.execute import execute
    from vidgen_bench.experiments.run.plan import Request, make_plan
    from vidgen_bench.host.host import Host

    torch.set_num_threads(threads)
    try:
        plan = make_plan(Request.of_values(task), Host.of_environment())
        return Done(execute(plan, seed, sender).already)
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

    def leave(self) -> None:
        """Send nothing from now on."""
        self._alone = True
        self._channel.close()

    def send(self, message: Message) -> None:
        if self._alone:
            return
        try:
            self._channel.write(encode(message))
            self._channel.flush()
        except OSError:
            self._alone = True
            signal.raise_signal(signal.SIGTERM)

    def warned(self, message: Warning | str, kind: type[Warning], *place: Any) -> None:
        """Send a warning about the data; print others as Python does."""
        if issubclass(kind, DataWarning) and not self._alone:
            self.send(Caution(str(message)))
        else:
            self._otherwise(message, kind, *place)

    def stage(self, text: str) -> None:
        """Send."""
        self.send(Report("stage", [text]))

    def progress(self, what: str, done: int, total: int) -> None:
        """Send; the plugin of a data set may count with numpy, whose numbers JSON does not know."""
        self.send(Report("progress", [what, int(done), int(total)]))

    def trained(self, glance: Glance) -> None:
        """Send."""
        self.send(Report("trained", [glance.iteration, glance.share, _floats(glance.losses), glance.seconds]))

    def evaluated(self, iteration: int, scores: Mapping[str, float], best_iteration: int) -> None:
        """Send."""
        self.send(Report("evaluated", [iteration, _floats(scores), best_iteration]))


def _floats(values: Mapping[str, float]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items()}
