"""The label of a class that is given by its name or its number."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from unicodedata import category

from vidgen_bench.errors import DamagedError, RequestError, did_you_mean
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.system.regular_files import is_there


def class_names(folder: RunFolder, count: int) -> tuple[str, ...]:
    """Return the names of the ``count`` classes of a run, in the order of the labels; () if its folder does not have them.

    Raises:
        DamagedError: they are not the names of that many classes.
    """
    path = folder.path / "request.json"
    names = (folder.request() or {}).get("classes") if is_there(path) else None
    if names is None:
        return ()
    if not (isinstance(names, list) and len(names) == count and all(map(_is_name, names))):
        raise DamagedError(f"{path} is damaged: expected the names of {count} classes. Restore it from a copy.")
    return tuple(names)


def class_label(chosen: int | str, count: int, names: Sequence[str]) -> int:
    """Return the label of one of ``count`` classes.

    Args:
        chosen: its name or its number; ``name:3`` and ``number:3`` say which of both a text is.
        count: the number of classes.
        names: the names of all classes, if they are known.
    Raises:
        RequestError: there is no such class, or the text is the name of one and the number of another.
    """
    kind, _, rest = str(chosen).partition(":")
    named = {name: label for label, name in enumerate(names)}
    if kind == "name" and rest in named:
        return named[rest]
    number = _number(rest if kind == "number" else chosen)
    numbered = number if number is not None and 0 <= number < count else None
    if kind == "number" and numbered is not None:
        return numbered
    label = named.get(chosen) if isinstance(chosen, str) else None
    if label is not None and numbered is not None and label != numbered:
        raise RequestError(
            f"{chosen!r} may mean the class named {chosen!r} or class number {numbered}, {names[numbered]!r}. "
            f"Write name:{chosen} or number:{numbered}."
        )
    found = numbered if label is None else label
    if found is not None:
        return found
    if names:
        hint = f"{did_you_mean(str(chosen), names)} A number from 0 to {count - 1} works too."
    else:
        hint = f" Expected a number from 0 to {count - 1}; the run folder has no names of classes."
    raise RequestError(f"There is no class {chosen!r}.{hint}")


def _is_name(value: object) -> bool:
    """Return whether this is a text without control characters; a folder may have other spaces and marks in its name."""
    return isinstance(value, str) and not any(category(c) == "Cc" and c != "\t" for c in value)


def _number(chosen: object) -> int | None:
    """Return a whole number, or one that a text gives; None for anything else."""
    if isinstance(chosen, str):
        return int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 10 else None
    try:
        return None if isinstance(chosen, bool) else operator.index(chosen)  # type: ignore[arg-type]
    except TypeError:
        return None
