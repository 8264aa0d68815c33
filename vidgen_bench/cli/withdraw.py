"""``vidgen-bench withdraw``: replace a submitted record by a note of why it was withdrawn."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from vidgen_bench.cli.console import say


def withdraw(
    file: Annotated[Path, typer.Argument(help="A submitted record: leaderboards/TRACK/SPEC/seed-N.json.")],
    reason: Annotated[str, typer.Option(help="Why, in one sentence; it is published.")],
) -> None:
    """Withdraw a submitted result: the record is removed, and a file with the reason, the date and its hash stays.

    The row of a withdrawn seed has no rank, and the seed cannot be sent in again.
    """
    from vidgen_bench.leaderboard.submissions.tombstone import withdraw

    say(f"Withdrew {file}; the reason is in {withdraw(file, reason)}")
    say(f"Then run: vidgen-bench verify {shlex.quote(str(file.parent.parent.parent))} --write")
