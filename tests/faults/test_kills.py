"""Killed again and again at any change of a file, every command that writes reaches the same files in the end."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from tests.kit.faults.commands import LONG, fresh, writing_commands
from tests.kit.faults.interrupted import run_interrupted
from tests.kit.workplace import Workplace

KILLS, IN_A_ROW = (20 if LONG else 5), 5
"""Kills of each command, and the most of one sequence, which ends with a run that nobody kills."""


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", ["run", "evaluate", "ablate", "prepare", "import"])
def test_killed_again_and_again(finished: Workplace, name: str, tmp_path: Path) -> None:
    command = next(c for c in writing_commands(finished) if c.name == name)
    chance, folder = random.Random(name), tmp_path / "work"
    whole = run_interrupted(command.arguments, fresh(finished, command, folder))
    assert whole.code == 0, whole.output
    expected = command.left(folder)
    assert expected
    kills = sequences = 0
    while kills < KILLS:
        fresh(finished, command, folder)
        for _ in range(min(IN_A_ROW, KILLS - kills)):
            ended = run_interrupted(command.arguments, folder, at=chance.randrange(1, whole.changes + 1))
            assert ended.code in (-signal.SIGKILL, 0), (
                ended.output
            )  # 0: little was left to do, so it ended before its kill
            kills += ended.code != 0
        last = run_interrupted(command.arguments, folder)
        assert last.code == 0, last.output
        assert command.left(folder) == expected
        sequences += 1
        assert sequences < 4 * KILLS
    print(f"{name}: {kills} kills at {whole.changes} changes of files in {sequences} sequences, all with equal ends")
