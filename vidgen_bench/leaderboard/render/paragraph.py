"""Text above or below a table, wrapped between words; where no style is shown, without rich, which takes ten times as long."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text


def shows_styles(console: Console) -> bool:
    """Return whether a console is a terminal or shows colours; a pipe and a file have only the text."""
    return console.is_terminal or console.color_system is not None


@dataclass(frozen=True)
class Paragraph:
    """Lines of text with a margin of one column; printed by rich."""

    text: Text
    below: int = 0
    """Blank lines below."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the wrapped lines, without spaces at their ends; with rich if there are styles or unusual texts."""
        lines = None if shows_styles(console) else self._plain_lines(options.max_width - 1)
        if lines is None:
            yield Padding(self.text, (0, 0, self.below, 1))
        else:
            yield Segment("\n".join([*lines, *[""] * self.below, ""]))

    def _plain_lines(self, width: int) -> list[str] | None:
        """Return the lines with their margin, or None if rich has to wrap them: unusual characters or spaces, or a very long word."""
        found = []
        for line in self.text.plain.split("\n"):
            words = line.split()
            if not line.isprintable() or " ".join(words) != line or max(map(len, words), default=0) > width:
                return None
            if not line.isascii() and cell_len(line) != len(line):
                return None
            parts = textwrap.wrap(line, width, break_on_hyphens=False, break_long_words=False)
            found += [f" {part}" for part in parts] or [""]
        return found
