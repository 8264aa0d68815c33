"""The command line in a process that starts at once: forked from one that has imported everything, and has done nothing else.

A new interpreter takes seconds to import torch, and the tests start hundreds. What a test says about the start itself (environment
variables that Python or a library reads then, another program in front) needs a new interpreter.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired
from unittest import mock

from tests.kit.imports import sources

THREADS = {"OMP_NUM_THREADS": "1"}
"""What the forked processes were started with; with one thread, none is lost by the fork."""

_SLOW = ("torch", "torch._dynamo")
"""Modules that take seconds to import; the first optimiser imports the second."""

_READ_AT_START = ("PYTHON", "LD_", "OMP_", "MKL_", "KMP_", "OPENBLAS_", "TORCH", "LANG", "LC_", "MALLOC_")
"""Beginnings of environment variables that are read before ``main`` begins."""


def run_command(
    arguments: Sequence[str | Path],
    folder: Path,
    environment: Mapping[str, str],
    timeout: float = 240,
    entry: str = "vidgen_bench.cli.main:main",
) -> CompletedProcess[str]:
    """Run ``vidgen-bench`` with these arguments in a folder, as ``subprocess.run(..., capture_output=True, text=True)`` does.

    Args:
        entry: the module and the function that start it.

    Raises:
        TimeoutExpired: it took longer than ``timeout`` seconds, and was killed.
    """
    words = list(map(str, arguments))
    if _can_fork(environment):
        with Started(words, folder, environment, entry) as started:
            return started.end(timeout)
    module, _, function = entry.partition(":")
    call = [sys.executable, "-c", f"from {module} import {function}; {function}()", *words]
    return subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout)


def start_together(work: Callable[..., None], arguments: tuple[object, ...], count: int) -> None:
    """Run ``work(rank, *arguments)`` in ``count`` processes at once, as ``torch.multiprocessing.spawn`` does.

    Raises:
        ProcessRaisedException: one of them failed; the others were ended.
    """
    from torch.multiprocessing import start_processes

    _server()
    start_processes(work, arguments, nprocs=count, start_method="forkserver")


def _can_fork(environment: Mapping[str, str]) -> bool:
    """Return whether a command in this environment differs from this process only in what it reads after the start."""
    ours = {**os.environ, **THREADS}
    names = {name for name in ours.keys() | environment.keys() if ours.get(name) != environment.get(name)}
    return hasattr(os, "fork") and not any(name.startswith(_READ_AT_START) for name in names - {"PYTHONPATH"})


class Started:
    """A forked command that runs, in a ``with`` block that ends it: a signal arrives whatever the process of the tests ignores."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        folder: Path,
        environment: Mapping[str, str],
        entry: str = "vidgen_bench.cli.main:main",
    ) -> None:
        assert _can_fork(environment)
        self._words = list(map(str, arguments))
        self._place = tempfile.TemporaryDirectory()
        given = (self._words, str(folder), dict(environment), self._place.name, entry)
        self._process = _server().Process(target=_command, args=given)

    def __enter__(self) -> Started:
        self._process.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.join()
        self._place.cleanup()

    def wait_for(self, words: str, timeout: float = 120, stream: str = "out") -> None:
        """Wait until the command has printed these words to a stream, ``out`` or ``err``."""
        end = time.monotonic() + timeout
        while words.encode() not in self._printed(stream):
            assert self._process.exitcode is None, self._printed("err").decode()
            assert time.monotonic() < end, self._printed("out").decode()
            time.sleep(0.02)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def end(self, timeout: float) -> CompletedProcess[str]:
        """Wait for the end and return what came.

        Raises:
            TimeoutExpired: it took longer than ``timeout`` seconds.
        """
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutExpired(self._words, timeout)
        out, err = (self._printed(name).decode() for name in ("out", "err"))
        return CompletedProcess(self._words, self._process.exitcode, out, err)

    def _printed(self, name: str) -> bytes:
        path = Path(self._place.name, name)
        return path.read_bytes() if path.exists() else b""


@cache
def _server() -> ForkServerContext:
    """Start the process that the commands are forked from."""
    context = multiprocessing.get_context("forkserver")
    ours = [name for name in sources() if name.startswith("vidgen_bench.") and not name.endswith("__main__")]
    context.set_forkserver_preload([*_SLOW, *ours])
    with mock.patch.dict(os.environ, THREADS):
        forkserver.ensure_running()
    return context


def _command(arguments: list[str], folder: str, environment: dict[str, str], place: str, entry: str) -> None:
    if "torch" not in sys.modules:
        raise RuntimeError("the modules were not imported before the fork")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    before = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    after = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    sys.path = [folder, *after, *(path for path in sys.path if path not in before)]
    tempfile.tempdir = None  # found anew, by TMPDIR
    for number, path in enumerate((os.devnull, f"{place}/out", f"{place}/err")):
        opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    # as the interpreter opens them at the start
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.argv = ["vidgen-bench", *arguments]
    module, _, function = entry.partition(":")
    getattr(import_module(module), function)()
