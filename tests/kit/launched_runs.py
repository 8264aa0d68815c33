"""Runs that a launcher started, seen from outside: what their processes do, and how they are stopped at a moment that is known."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.kit.workplace import TRACK

SHORT = TRACK.replace("every = 2", "every = 5").replace("iterations = 5", "iterations = 20")
"""The tiny track, with iterations before and after each evaluation to stop at."""


def wait_until(condition: Callable[[], Any], seconds: float = 90, meanwhile: Callable[[], None] | None = None) -> Any:
    """Return the first true value of a condition.

    Args:
        condition: is looked at ten times a second.
        seconds: how long it may take.
        meanwhile: is called about once a second.
    """
    end, looks = time.monotonic() + seconds, 0
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen"
        if meanwhile is not None and looks % 10 == 9:
            meanwhile()
        looks += 1
        time.sleep(0.1)
    return value


def process_of(folder: Path) -> int | None:
    """Return the process that trains the run in a folder, or None as long as it has evaluated nothing."""
    try:
        status = json.loads((folder / "status.json").read_text())
        evaluated = bool((folder / "trace.jsonl").read_text())
    except (OSError, ValueError):
        return None
    alive = status["exit_code"] is None and "vidgen_bench run" in command_of(status["pid"])
    return status["pid"] if evaluated and alive else None


def freeze(folder: Path, seconds: float = 90, meanwhile: Callable[[], None] | None = None) -> int:
    """Stop the process of a run as soon as it has evaluated once, and return it; it goes on with SIGCONT."""
    pid = wait_until(lambda: process_of(folder), seconds, meanwhile)
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")
    assert not (folder / "record.json").exists(), "the run was over before it could be stopped"
    return pid


def thaw(pid: int, number: signal.Signals) -> None:
    """Let a frozen process go on once a signal waits for it; if it was killed instead, return at once."""
    with suppress(OSError):
        wait_until(lambda: has_pending(pid, number))
        os.kill(pid, signal.SIGCONT)


def has_pending(pid: int, number: signal.Signals) -> bool:
    """Return whether a signal waits for a stopped process."""
    lines = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    return bool(int(lines["ShdPnd"], 16) >> (number - 1) & 1)


def command_of(pid: int) -> str:
    """Return the command line of a process; "" if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def jobs_running(runs: Path) -> dict[int, dict[str, str]]:
    """Return the environment of every process that trains in a folder of runs, or in any below a folder."""
    found = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit() and f"--runs={runs}" in (command := command_of(int(place.name))):
            if " -m vidgen_bench run" in command and "srun" not in command:
                try:
                    pairs = (place / "environ").read_bytes().decode(errors="replace").split("\0")
                    found[int(place.name)] = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
                except OSError:
                    continue
    return found


def end_processes(runs: Path) -> None:
    """Kill the processes of runs that a failed test has left frozen."""
    for pid in jobs_running(runs):
        os.kill(pid, signal.SIGKILL)


def attempts(folder: Path) -> list[int | None]:
    """Return the exit codes of the attempts at a run, none if it has not ended once; None for one that was killed."""
    if not (folder / "attempts.jsonl").exists():
        return []
    return [json.loads(line)["exit_code"] for line in (folder / "attempts.jsonl").read_text().splitlines()]


def comparable(folder: Path) -> str:
    """Return the record of a run as text, without what was measured: times, memory, and the machine."""
    record = json.loads((folder / "record.json").read_text())
    del record["measured"]
    return json.dumps(record, indent=1)
