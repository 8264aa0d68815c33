"""Asks before something is removed."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from vidgen_bench.cli.console import say
from vidgen_bench.errors import RequestError

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Remove without asking.")]


def agreed(question: str, yes: bool) -> bool:
    """Return whether the user agrees to a question; with ``--yes`` it is not asked.

    Args:
        question: a sentence that ends in a question mark.
        yes: whether ``--yes`` was given.
    Raises:
        RequestError: nobody can be asked, since standard input is not a terminal.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise RequestError(
            "Nothing was removed: standard input is not a terminal, so nobody can be asked. Pass --yes to remove."
        )
    say(f"{question} [y/N]", error=True)
    return sys.stdin.readline().strip().casefold() in ("y", "yes")
