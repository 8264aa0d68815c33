"""Runs commands in a forked child under watch: what they print, open, start and reach, how long they take and what they need."""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SECONDS = 60
"""A command that takes longer hangs."""

MEMORY = 2 * 2**30
"""The most bytes that a command may take beyond what the process has before."""

_CHANGES = {
    "os.remove": (0,), "os.rmdir": (0,), "os.mkdir": (0,), "os.truncate": (0,), "os.chmod": (0,), "os.chown": (0,), "os.rename": (0, 1),
    "os.link": (1,), "os.symlink": (1,),
}  # fmt: skip
"""Audit events of a change of files, with the numbers of the arguments that are the paths of what is changed."""

_STARTS = ("subprocess.Popen", "os.exec", "os.posix_spawn")
"""Audit events of a program that is started; its path is their first argument."""

_CONNECTS = ("os.system", "socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo")

_KNOWN = ("git", "uname")
"""Programs that commands start to describe the revision and the machine."""


@dataclass(frozen=True)
class Outcome:
    """How one command ended."""

    code: int
    """The exit code; negative for a signal, 99 for an exception that left ``main``."""
    output: str
    seconds: float
    memory: int
    """Peak bytes beyond those of the process before the first command."""
    reached: tuple[str, ...]
    """Files written outside the allowed folders, programs started, connections opened."""

    @property
    def fault(self) -> str:
        """What is wrong with how it ended; empty if it did its work or refused it with a sentence."""
        if self.reached:
            return f"reached {self.reached[0]}"
        if self.code not in (0, 1, 2):
            return f"ended with {self.code}"
        for words in ("Traceback (most recent call last)", "internal error"):
            if words in self.output:
                return words
        if self.code and not self.output.strip():
            return "said nothing"
        if self.seconds > SECONDS:
            return f"took {self.seconds:.0f} s"
        return f"took {self.memory / 2**20:.0f} MiB" if self.memory > MEMORY else ""


class _Watch:
    """What an audit hook has seen; only one command runs at a time."""

    def __init__(self, allowed: Sequence[Path]) -> None:
        self.reached: list[str] = []
        self._allowed = [os.path.realpath(path) + os.sep for path in allowed]
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            writes = (
                bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)) if isinstance(flags, int) else False
            )
            if writes and isinstance(path, str | bytes) and not self._inside(os.fsdecode(path)):
                self.reached.append(f"the file {os.fsdecode(path)!r}")
        elif event in _CHANGES:
            for path in (arguments[number] for number in _CHANGES[event]):
                if isinstance(path, str | bytes) and not self._inside(os.fsdecode(path)):
                    self.reached.append(f"{event} of {os.fsdecode(path)!r}")
        elif event in _STARTS:
            program = str(arguments[0])
            if program not in _KNOWN and os.path.realpath(program) != os.path.realpath(sys.executable):
                self.reached.append(f"the program {program!r}")
        elif event in _CONNECTS and "AF_UNIX" not in str(arguments):
            if not (
                event == "socket.connect" and isinstance(arguments[1], str | bytes)
            ):  # a Unix socket of our own workers
                self.reached.append(f"{event} {arguments[1:]!r}")

    def _inside(self, path: str) -> bool:
        real = os.path.realpath(path)
        return real.startswith(("/dev/", "/proc/self/")) or any((real + os.sep).startswith(a) for a in self._allowed)


def run_watched(
    commands: Sequence[Callable[[], Sequence[str]]], folder: Path, allowed: Sequence[Path]
) -> list[Outcome]:
    """Run commands one after the other in forked children; one that ends its child is noted, and the next child goes on.

    Args:
        commands: each makes its files and returns the arguments of ``vidgen-bench``.
        folder: the working folder.
        allowed: the folders that may be written to.
    """
    results, found = folder / "outcomes.jsonl", list[Outcome]()
    while len(found) < len(commands):
        results.write_text("")
        since = time.monotonic()
        child = os.fork()
        if child == 0:
            _child(commands[len(found) :], folder, allowed, results)
        _, status = os.waitpid(child, 0)
        found += [
            Outcome(**{**line, "reached": tuple(line["reached"])})
            for line in map(json.loads, results.read_text().splitlines())
        ]
        if len(found) < len(commands):
            code = os.waitstatus_to_exitcode(status)
            text = (folder / "printed").read_text(errors="replace")
            found.append(Outcome(code or -99, text[-2000:], time.monotonic() - since, 0, ()))
    return found


def _child(
    commands: Sequence[Callable[[], Sequence[str]]], folder: Path, allowed: Sequence[Path], results: Path
) -> None:
    try:
        os.setpgid(0, 0)
        os.chdir(folder)
        tempfile.tempdir = None  # found anew, by TMPDIR
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        faulthandler.disable()
        sys.dont_write_bytecode = True
        watch, own = _Watch([folder, *allowed]), _peak()
        with results.open("a", buffering=1) as stream:
            for command in commands:
                outcome = _one(list(command()), folder, watch, own)
                stream.write(json.dumps(asdict(outcome)) + "\n")
        os._exit(0)
    except BaseException:
        (folder / "printed").write_text("the watch itself failed\n" + traceback.format_exc())
        os._exit(98)


def _one(arguments: list[str], folder: Path, watch: _Watch, own: int) -> Outcome:
    from vidgen_bench.cli.main import main

    printed = os.open(folder / "printed", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    sys.stdout, sys.stderr = (open(n, "w", encoding="utf-8", closefd=False) for n in (1, 2))  # noqa: SIM115
    sys.argv = ["vidgen-bench", *arguments]
    watch.reached.clear()
    signal.alarm(SECONDS + 30)  # ends the child; the parent notes the signal
    since, code, before = time.monotonic(), 99, _peak()
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    signal.alarm(0)
    seconds = time.monotonic() - since
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()
    text = (folder / "printed").read_bytes().decode(errors="replace")
    os.close(printed)
    peak = _peak()  # it never falls: a command that does not raise it took less than one before
    return Outcome(code, text[-4000:], seconds, 1024 * (peak - own) if peak > before else 0, tuple(watch.reached))


def _peak() -> int:
    """Return the peak memory in KiB of this process or of the largest process that it has waited for."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
