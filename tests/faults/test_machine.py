"""A disk that is full, broken or read-only, files that may not be written, and too little memory: a sentence, and nothing is lost."""

from __future__ import annotations

import errno
import random
from pathlib import Path

import pytest

from tests.kit.faults.commands import LONG, fresh, writing_commands
from tests.kit.faults.interrupted import fault, run_interrupted
from tests.kit.workplace import Workplace

FAULTS = {
    "full disk": errno.ENOSPC,
    "no inodes": errno.EDQUOT,
    "broken disk": errno.EIO,
    "no permission": errno.EACCES,
    "read-only": errno.EROFS,
}


def hindered(place: Workplace, name: str, what: str, times: int, tmp_path: Path) -> None:
    """Hinder a command at ``times`` changes of files, and check that it then does the same work as one that nobody hindered."""
    command = next(c for c in writing_commands(place) if c.name == name)
    chance, folder = random.Random(f"{name} {what}"), tmp_path / "work"
    whole = run_interrupted(command.arguments, fresh(place, command, folder))
    assert whole.code == 0, whole.output
    expected, refused = command.left(folder), 0
    for number in range(times):
        fresh(place, command, folder)
        # the first fault lasts from the first half of the changes on, so it certainly ends the command
        at = chance.randrange(1, (whole.changes if number else whole.changes // 2) + 1)
        ended = run_interrupted(command.arguments, folder, at, fault(FAULTS[what]), lasting=number % 2 == 0)
        assert ended.changes >= at, f"the fault at change {at} of {whole.changes} did not happen"
        assert ended.code in (0, 1, 2), ended.output
        assert "internal error" not in ended.output
        assert "Traceback" not in ended.output
        assert ended.code == 0 or "error: " in ended.output
        assert ended.code != 0 or number
        refused += ended.code != 0
        again = run_interrupted(command.arguments, folder)
        assert again.code == 0, again.output
        assert command.left(folder) == expected
    assert refused > times / 3  # a fault of a file that is of no use, such as a mark of the cache, may be overlooked
    print(f"{name}, {what}: {times} faults, {refused} ended the command, all with equal ends")


@pytest.mark.parametrize("what", ["full disk", "no permission"])
def test_a_few_faults(finished: Workplace, what: str, tmp_path: Path) -> None:
    hindered(finished, "import", what, 3, tmp_path)


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
def test_many_faults(finished: Workplace, name: str, what: str, tmp_path: Path) -> None:
    hindered(finished, name, what, 6 if LONG else 1, tmp_path)


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
