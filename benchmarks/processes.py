"""The time and memory of a command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

START = "from vidgen_bench.cli.main import main; main()"


@dataclass(frozen=True)
class Call:
    """One call of ``vidgen-bench``, piped to a file."""

    seconds: float
    processor: float
    """Processor time in seconds: unlike ``seconds``, it hardly depends on what else is running."""
    peak: float
    """Peak memory in MiB; Linux reports at least the size of the process that started it."""
    output: bytes


def call(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Call:
    """Call ``vidgen-bench`` with these words in a folder, with these additions to the environment."""
    command = [sys.executable, "-c", START, *words]
    target = folder / "output"
    with target.open("wb") as stream:
        since = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=os.environ | environment, stdout=stream)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - since
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"vidgen-bench {' '.join(words)} ended with exit code {process.returncode}.")
    return Call(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, target.read_bytes())
