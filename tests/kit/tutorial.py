"""The pages of docs/plugins as a newcomer follows them: the files that they show, and the lines to type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

PAGES = Path(__file__).resolve().parents[2] / "docs" / "plugins"

_FILE = re.compile(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shown_files(text: str) -> dict[str, str]:
    """Return every file by its path: a block of code below a line that is its path and a colon."""
    found = _FILE.findall(text)
    assert len({path for path, _ in found}) == len(found), "one file is shown twice"
    return dict(found)


def typed(text: str) -> Iterator[tuple[str, str]]:
    """Yield every line behind a ``$``, with the output that is shown below it."""
    for block in _CONSOLE.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, output = part.partition("\n")
            yield line, output


def write_files(root: Path, files: dict[str, str]) -> None:
    """Write files below a folder."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
