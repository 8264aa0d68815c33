"""The run folders that a user means by what was typed: a path, or a name below the folder of runs."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from pathlib import Path

from vidgen_bench.errors import RequestError
from vidgen_bench.escaping import printable
from vidgen_bench.experiments.runs.found import is_run, runs_below

_SHOWN = 6
"""The most names that a message lists."""


def chosen_runs(words: Sequence[str], runs: Path) -> list[Path]:
    """Return the run folders that some words stand for, each once, in the order of the words.

    A word is the path of a run folder, of a file in one, or of a folder of run folders; or it is the end, the beginning or the middle
    of ``TRACK/SPEC/seed-N`` below ``runs``, in whole parts: ``tgan+ode1`` stands for all seeds of that spec. ``:`` may stand for the
    ``.`` of a folder's name, and a number for ``seed-N``; upper case does not matter.

    Args:
        words: what the user typed.
        runs: the folder of runs.
    Raises:
        RequestError: a word stands for no run folder; the message suggests the nearest names.
    """
    found: dict[str, Path] = {}
    every: list[Path] | None = None
    for word in words:
        here = _of_path(Path(word)) or _of_path(runs / word)
        if not here:
            every = runs_below(runs) if every is None else every
            here = [path for path in every if _matches(word, path.relative_to(runs).parts)]
        if not here:
            raise RequestError(_unknown(word, runs, [path.relative_to(runs).as_posix() for path in every or ()]))
        for path in here:
            found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def chosen_run(word: str, runs: Path) -> Path:
    """Return the one run folder that a word stands for.

    Args:
        word: what the user typed; see :func:`chosen_runs`.
        runs: the folder of runs.
    Raises:
        RequestError: it stands for none, or for several.
    """
    found = chosen_runs([word], runs)
    if len(found) > 1:
        names = [printable(name_of(path, runs)) for path in found[:_SHOWN]]
        more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise RequestError(f"{printable(word)!r} stands for {len(found)} runs; expected one: {', '.join(names)}{more}.")
    return found[0]


def name_of(path: Path, runs: Path) -> str:
    """Return the name of a run folder: its path below the folder of runs, or its path if it lies elsewhere."""
    whole, above = Path(os.path.abspath(path)), Path(os.path.abspath(runs))
    return whole.relative_to(above).as_posix() if whole.is_relative_to(above) and whole != above else str(path)


def _of_path(path: Path) -> list[Path]:
    """Return the run folders that a path leads to; none if there is nothing."""
    if is_run(path):
        return [path]
    if path.parent != path and path.is_file() and is_run(path.parent):
        return [path.parent]
    return runs_below(path) if path.is_dir() else []


def _matches(word: str, parts: tuple[str, ...]) -> bool:
    """Return whether consecutive parts of a name are those of a word."""
    typed = [part for part in word.casefold().replace(":", ".").split("/") if part not in ("", ".")]
    whole = [part.casefold() for part in parts]
    starts = range(len(whole) - len(typed) + 1) if typed else ()
    return any(all(map(_is_part, typed, whole[start:])) for start in starts)


def _is_part(typed: str, part: str) -> bool:
    return typed == part or f"seed-{typed}" == part


def _unknown(word: str, runs: Path, names: Sequence[str]) -> str:
    """Return the message for a word that stands for nothing."""
    text = f"There is no run {printable(word)!r}: neither a run folder with this path nor one below {printable(str(runs))}."
    if not names:
        return f"{text} There are no runs below {printable(str(runs))}; --runs names another folder."
    if near := _nearest(word, names):
        text += f" Did you mean {' or '.join(repr(printable(name)) for name in near)}?"
    several = f"the {len(names)} runs" if len(names) > 1 else "the one run"
    return f"{text} `vidgen-bench runs` lists {several} there."


def _nearest(word: str, names: Sequence[str]) -> list[str]:
    """Return up to two names, or the ends of names, that look like a word."""
    ends: dict[str, None] = {}
    for name in names:
        parts = name.split("/")
        ends |= dict.fromkeys(
            "/".join(parts[first:last]) for first in range(len(parts)) for last in range(first + 1, len(parts) + 1)
        )
    return difflib.get_close_matches(word.casefold().replace(":", "."), list(ends), n=2, cutoff=0.6)
