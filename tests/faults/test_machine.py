"""A disk that is full, broken or read-only, files that may not be written, and too little memory: a sentence, and nothing is lost."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.kit.faults.commands import LONG, Writing, fresh, writing_commands
from tests.kit.faults.interrupted import fault, run_interrupted
from tests.kit.workplace import Workplace

FAULTS = {
    "full disk": errno.ENOSPC,
    "no inodes": errno.EDQUOT,
    "broken disk": errno.EIO,
    "no permission": errno.EACCES,
    "read-only": errno.EROFS,
}


@dataclass(frozen=True)
class Unhindered:
    """A command, what it leaves behind when nothing hinders it, and the changes of files that it makes."""

    command: Writing
    left: dict[str, str]
    changes: int


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the commands run, one after another."""
    return tmp_path_factory.mktemp("hindered") / "work"


@pytest.fixture(scope="module")
def unhindered(finished: Workplace, work: Path) -> Callable[[str], Unhindered]:
    """Returns a command by its name, which runs once for all the faults that hinder it."""
    commands = {command.name: command for command in writing_commands(finished)}

    @cache
    def of(name: str) -> Unhindered:
        ended = run_interrupted(commands[name].arguments, fresh(finished, commands[name], work))
        assert ended.code == 0, ended.output
        left = commands[name].left(work)
        assert left
        return Unhindered(commands[name], left, ended.changes)

    return of


def hinder(place: Workplace, whole: Unhindered, what: str, times: int, work: Path) -> None:
    """Hinder a command at ``times`` changes of files, and check that it then does the same work as one that nobody hindered."""
    command, refused = whole.command, 0
    chance = random.Random(f"{command.name} {what}")
    for number in range(times):
        fresh(place, command, work)
        # the first fault lasts from the first half of the changes on, so it certainly ends the command
        at = chance.randrange(1, (whole.changes if number else whole.changes // 2) + 1)
        ended = run_interrupted(command.arguments, work, at, fault(FAULTS[what]), lasting=number % 2 == 0)
        assert ended.changes >= at, f"the fault at change {at} of {whole.changes} did not happen"
        assert ended.code in (0, 1, 2), ended.output
        assert "internal error" not in ended.output
        assert "Traceback" not in ended.output
        assert ended.code == 0 or "error: " in ended.output
        assert ended.code != 0 or number
        refused += ended.code != 0
        again = run_interrupted(command.arguments, work)
        assert again.code == 0, again.output
        assert command.left(work) == whole.left
    assert refused > times / 3  # a fault of a file that is of no use, such as a mark of the cache, may be overlooked
    print(f"{command.name}, {what}: {times} faults, {refused} ended the command, all with equal ends")


@pytest.mark.parametrize("what", ["full disk", "no permission"])
def test_a_few_faults(finished: Workplace, unhindered: Callable[[str], Unhindered], what: str, work: Path) -> None:
    hinder(finished, unhindered("import"), what, 3, work)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("name", "what"),
    [
        *(("run", what) for what in FAULTS),
        ("evaluate", "full disk"),
        ("prepare", "full disk"),
        ("prepare", "no permission"),
    ],
)
def test_many_faults(
    finished: Workplace, unhindered: Callable[[str], Unhindered], name: str, what: str, work: Path
) -> None:
    hinder(finished, unhindered(name), what, 6 if LONG else 1, work)


@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [8, 64, 256])
def test_too_little_memory(finished: Workplace, megabytes: int, tmp_path: Path) -> None:
    command = next(c for c in writing_commands(finished) if c.name == "run")
    folder = fresh(finished, command, tmp_path / "work")
    ended = run_interrupted([*command.arguments, "--set", "backbone.batch=4096"], folder, memory=megabytes * 2**20)
    assert ended.code in (1, 2), ended.output
    assert "memory" in ended.output
    assert "internal error" not in ended.output
    assert "Traceback" not in ended.output
