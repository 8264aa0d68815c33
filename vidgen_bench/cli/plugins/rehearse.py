"""``vidgen-bench plugins rehearse``: a job for the checks of launchers, which does nothing but say so. Hidden from help."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from vidgen_bench.cli.console import say

_SHOWN = ("OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")


def rehearse(
    name: Annotated[str, typer.Argument(help="Name of the job in its notes.")],
    notes: Annotated[Path, typer.Option(help="File to which it appends when it begins and how it ends.")],
    seconds: Annotated[float, typer.Option(min=0.0, help="How long it takes.")] = 0.0,
    code: Annotated[int, typer.Option(min=0, max=255, help="Its exit code.")] = 0,
    kill: Annotated[int, typer.Option("--signal", min=0, max=64, help="Signal by which it ends itself.")] = 0,
) -> None:
    """Note the begin, wait, note the end. SIGTERM ends it with 143, after a note, as it ends a run."""

    def stopped(number: int, frame: FrameType | None) -> None:
        _note(notes, f"stopped {name}")
        os._exit(128 + number)

    signal.signal(signal.SIGTERM, stopped)
    _note(notes, f"begin {name}")
    say(f"standard output of {name}")
    say(f"standard error of {name}", error=True)
    for variable in _SHOWN:
        say(f"{variable}=[{os.environ.get(variable, 'not set')}]")
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.1))
    if kill:
        os.kill(os.getpid(), kill)
    _note(notes, f"end {name}")
    raise typer.Exit(code)


def _note(notes: Path, text: str) -> None:
    """Append a line in one write, so that lines of several processes stay whole."""
    from vidgen_bench.system.regular_files import appending

    with appending(notes) as stream:
        stream.write(f"{text}\n".encode())
