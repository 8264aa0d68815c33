"""Where commands write: results on standard output, everything about the command itself on standard error."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

PLAIN_WIDTH = 120
"""Columns of a table that goes to a file or a pipe, where no terminal says how many there are."""


def output() -> Console:
    """Return the console of standard output; as wide as the terminal, or ``PLAIN_WIDTH`` where there is none."""
    from rich.console import Console

    wide = None if sys.stdout.isatty() or "COLUMNS" in os.environ else PLAIN_WIDTH
    return Console(width=wide, highlight=False, emoji=False, markup=False)


def complain(text: str, *, prefix: str = "error:") -> None:
    """Write a message to standard error: as it is, no line folded, no bracket read as markup; the prefix red on a terminal."""
    if not sys.stderr.isatty():
        print(prefix, text, file=sys.stderr)
        return
    from rich.console import Console
    from rich.text import Text

    message = Text.assemble((prefix, "bold red"), " ", text)
    Console(stderr=True, highlight=False, emoji=False, markup=False).print(message, soft_wrap=True)


def print_json(value: object) -> None:
    """Print a value as JSON for machines."""
    import json

    print(json.dumps(value, indent=2, ensure_ascii=False))
