"""Starts the command line so that it sends itself SIGKILL, or Ctrl-C's signal, at one moment.

``VIDGEN_TEST_KILL`` is ``KIND:N``: before or after the N-th renaming of a file into place, or at the N-th training iteration of all
runs; ``interrupt:N`` sends SIGINT at that iteration. The status of a run, which a thread writes now and then, does not count.
"""

from __future__ import annotations

import os
import signal

from vidgen_bench.system import files
from vidgen_bench.training import trainer

ENTRY = "tests.kit.killed:main"


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    kind, _, number = os.environ["VIDGEN_TEST_KILL"].partition(":")
    left = int(number)
    replace, iterate = os.replace, trainer.Trainer._iterate
    if os.environ.get("VIDGEN_TEST_SAVE_ALWAYS"):
        trainer.SAVE_SECONDS = 0.0

    def counted_replace(a, b, **more):
        nonlocal left
        counts = os.path.basename(b) != "status.json"
        left -= counts and kind in ("before", "after")
        if counts and left == 0 and kind == "before":
            _die()
        replace(a, b, **more)
        if counts and left == 0 and kind == "after":
            _die()

    def counted_iterate(self):
        nonlocal left
        left -= kind in ("iteration", "interrupt")
        if left == 0 and kind == "iteration":
            _die()
        if left == 0 and kind == "interrupt":
            os.kill(os.getpid(), signal.SIGINT)
        iterate(self)

    files.os.replace = counted_replace
    trainer.Trainer._iterate = counted_iterate
    from vidgen_bench.cli.main import main as start

    start()
