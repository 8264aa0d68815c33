"""Finds run folders, without following links."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from vidgen_bench.experiments.run.status import STATUS
from vidgen_bench.records.record import RUN_FILES

_MARKS = {*RUN_FILES, STATUS}
"""A folder with one of these files is a run folder."""

_NUMBER = re.compile(r"(\d+)")


def is_run(folder: Path) -> bool:
    """Return whether a folder is a run folder; one that may not be searched is not."""
    return any(os.path.lexists(folder / name) for name in _MARKS)


def runs_below(root: Path) -> list[Path]:
    """Return the run folders below a folder, ordered by name, with ``seed-10`` after ``seed-9``.

    Hidden folders and links to folders are left out, and so is ``root`` itself. A folder that may not be searched has no run folders.
    """
    return sorted(_below(root), key=lambda path: [natural(part) for part in path.relative_to(root).parts])


def natural(text: str) -> list[tuple[int, int | str]]:
    """Return the key that orders texts with their numbers by value."""
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in _NUMBER.split(text)]


def _below(root: Path) -> Iterator[Path]:
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as listing:
                inside = list(listing)
        except OSError:
            continue
        if folder != root and any(entry.name in _MARKS for entry in inside):
            yield folder
            continue
        folders += [Path(entry.path) for entry in inside if not entry.name.startswith(".") and _is_folder(entry)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False
