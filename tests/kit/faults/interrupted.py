"""Ends or hinders a command at its n-th change of a file, in a forked child that has imported everything before."""

from __future__ import annotations

import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CHANGES = ("os.rename", "os.mkdir", "os.remove", "os.truncate", "os.link", "os.symlink")

SECONDS = 240


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    """The exit code; negative for a signal."""
    output: str
    changes: int
    """The number of changes of files that it began."""


def kill(path: str) -> None:
    """End the process as ``kill -9`` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def fault(number: int) -> Callable[[str], None]:
    """Return a deed that fails as a full disk (ENOSPC), a broken one (EIO) or a missing permission (EACCES) does."""

    def fail(path: str) -> None:
        raise OSError(number, os.strerror(number), path)

    return fail


class _Counter:
    """An audit hook that counts changes of files below a folder, and does a deed at the n-th, or from it on."""

    def __init__(self, folder: Path, at: int, deed: Callable[[str], None], lasting: bool) -> None:
        self.count, self._at, self._deed, self._lasting = 0, at, deed, lasting
        self._folder = os.path.realpath(folder) + os.sep
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            changes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        else:
            path, changes = (arguments[0] if arguments else None), event in _CHANGES
        if not changes or not isinstance(path, str | bytes):
            return
        if not (os.path.realpath(os.fsdecode(path)) + os.sep).startswith(self._folder):
            return
        self.count += 1
        if self.count == self._at or (self._lasting and self.count > self._at > 0):
            self._deed(os.fsdecode(path))


def run_interrupted(
    arguments: Sequence[str],
    folder: Path,
    at: int = 0,
    deed: Callable[[str], None] = kill,
    *,
    lasting: bool = False,
    memory: int | None = None,
) -> Ended:
    """Run ``vidgen-bench`` in a folder, and do a deed when it begins its ``at``-th change of a file there; 0 for never.

    Args:
        arguments: the command's.
        folder: the working folder, which also has the cache and the installed data.
        at: the number of the change.
        deed: is given the path.
        lasting: also at every later change, as on a disk that stays full.
        memory: the bytes that the command may take beyond what the process has.
    """
    printed, counted = folder.parent / "printed", folder.parent / "counted"
    child = os.fork()
    if child == 0:
        _child(list(arguments), folder, at, deed, lasting, memory, printed, counted)
    _, status = os.waitpid(child, 0)
    count = int(counted.read_text()) if counted.exists() else 0
    counted.unlink(missing_ok=True)
    return Ended(os.waitstatus_to_exitcode(status), printed.read_text(errors="replace"), count)


def _child(
    arguments: list[str],
    folder: Path,
    at: int,
    deed: Callable[[str], None],
    lasting: bool,
    memory: int | None,
    printed: Path,
    counted: Path,
) -> None:
    code = 99
    try:
        os.chdir(folder)
        stream = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(stream, 1)
        os.dup2(stream, 2)
        sys.stdout, sys.stderr = (open(n, "w", encoding="utf-8", closefd=False) for n in (1, 2))  # noqa: SIM115
        sys.argv, sys.dont_write_bytecode = ["vidgen-bench", *arguments], True
        os.environ.update(XDG_CACHE_HOME=str(folder / "cache"), XDG_DATA_HOME=str(folder / "share"), COLUMNS="120")
        signal.alarm(SECONDS)
        if memory is not None:
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))
        from vidgen_bench.cli.main import main

        counter = _Counter(folder, at, deed, lasting)
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        counted.write_text(str(counter.count))
    except BaseException:
        traceback.print_exc()
    finally:
        for one in (sys.stdout, sys.stderr):
            if one is not None and not one.closed:
                one.flush()
        os._exit(code)
