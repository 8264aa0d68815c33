"""The console of all commands: it shows texts literally, whatever they contain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from vidgen_bench.escaping import lines


class LiteralConsole(Console):
    r"""A console without markup and emoji codes, on which control characters and direction marks are spelt, as in ``\x1b``.

    The names of records, plugins, folders and clips come from other people, and a terminal obeys what it is sent.
    """

    def __init__(self, **options: Any) -> None:
        """Make the console; ``options`` are those of :class:`rich.console.Console`."""
        super().__init__(**{"markup": False, "emoji": False, **options})

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Yield the segments of a renderable; every table cell and line of text passes here."""
        for segment in super().render(renderable, options):
            shown = segment.text if segment.control else lines(segment.text)
            yield segment if shown == segment.text else Segment(shown, segment.style)
