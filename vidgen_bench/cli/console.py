"""Output of commands: results go to standard output, errors and progress to standard error."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.escaping import json_text, lines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

PLAIN_WIDTH = 120
"""Width in columns of a table that is written to a file or a pipe."""


def output() -> Console:
    """Return a console on standard output, as wide as the terminal, or ``PLAIN_WIDTH`` without one."""
    from vidgen_bench.cli.literal_console import LiteralConsole

    wide = None if sys.stdout.isatty() or "COLUMNS" in os.environ else PLAIN_WIDTH
    return LiteralConsole(width=wide, highlight=False)


def is_first_process() -> bool:
    """Return whether this process is alone or the first of several: the only one that prints."""
    return os.environ.get("WORLD_SIZE", "1") == "1" or os.environ.get("RANK", "0") == "0"


def complain(text: str, *, prefix: str = "error:") -> None:
    """Write a message to standard error, wrapped between words; names in it are literal, the prefix is red on a terminal."""
    text = f"{prefix} {lines(text)}".lstrip()
    if not sys.stderr.isatty():
        print(text, file=sys.stderr)
        return
    from rich.text import Text

    from vidgen_bench.cli.literal_console import LiteralConsole

    console = LiteralConsole(stderr=True, highlight=False)
    message = Text("\n".join(_wrapped(line, max(console.width, 20)) for line in text.splitlines()))
    message.stylize("bold red", 0, len(prefix))
    console.print(message, soft_wrap=True)


def _wrapped(line: str, width: int) -> str:
    """Return the line, wrapped between words; a path longer than the terminal stays in one piece, to be copied."""
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, replace_whitespace=False
    )


def listing(rows: Iterable[tuple[str | Text, str | Text]]) -> Table:
    """Return a table of names, in bold, and what each means."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column()
    for name, text in rows:
        grid.add_row(name, text)
    return grid


def print_json(value: object) -> None:
    """Print a value as strict JSON."""
    print(json_text(value))


def say(text: str, *, error: bool = False) -> None:
    """Print a text without formatting, to standard error if ``error``; names in it are literal."""
    print(lines(text), file=sys.stderr if error else sys.stdout, flush=error)


def write_out(text: str, target: Path | None) -> None:
    """Print a text, or write it to a file and report the file."""
    if target is None:
        print(text, end="")
        return
    from vidgen_bench.system.output_file import is_standard_output, write_output

    write_output(target, lambda stream: stream.write(text.encode(errors="replace")))
    if not is_standard_output(target):  # there, the text alone is wanted
        say(f"Wrote {target}")
