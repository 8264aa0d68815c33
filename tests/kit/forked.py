"""The command line in a process that starts at once: forked from one that has imported everything, and has done nothing else.

A new interpreter takes seconds to import torch, and the tests start hundreds. What a test says about the start itself (environment
variables that Python or a library reads then, another program in front) needs a new interpreter.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
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
        return _forked(words, folder, environment, timeout, entry)
    module, _, function = entry.partition(":")
    call = [sys.executable, "-c", f"from {module} import {function}; {function}()", *words]
    return subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout)


def _can_fork(environment: Mapping[str, str]) -> bool:
    """Return whether a command in this environment differs from this process only in what it reads after the start."""
    ours = {**os.environ, **THREADS}
    names = {name for name in ours.keys() | environment.keys() if ours.get(name) != environment.get(name)}
    return hasattr(os, "fork") and not any(name.startswith(_READ_AT_START) for name in names - {"PYTHONPATH"})


def _forked(
    arguments: list[str], folder: Path, environment: Mapping[str, str], timeout: float, entry: str
) -> CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as place:
        given = (arguments, str(folder), dict(environment), place, entry)
        child = _server().Process(target=_command, args=given)
        child.start()
        try:
            child.join(timeout)
            if child.exitcode is None:
                raise TimeoutExpired(arguments, timeout)
        finally:
            child.kill()
            child.join()
        out, err = (Path(place, name).read_text() for name in ("out", "err"))
        return CompletedProcess(arguments, child.exitcode, out, err)


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
