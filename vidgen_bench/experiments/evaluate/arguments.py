"""Checks the types of the arguments of ``vidgen_bench.evaluate``, and returns them as the command line would pass them."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from vidgen_bench.errors import RequestError


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of these arguments by name: paths for folders, an int for ``samples``, texts for names and files.

    Raises:
        RequestError: a value has the wrong type.
    """
    return {name: check(name, given[name]) for name, check in _CHECKS.items()}


def _text(name: str, value: Any, expected: str = "a string") -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise _other(name, value, expected)


def _name_or_file(name: str, value: Any) -> str | None:
    return _text(name, str(value) if isinstance(value, Path) else value, "a name, or the path of a .toml file")


def _folder(name: str, value: Any) -> Path:
    if isinstance(value, str | os.PathLike):
        return Path(value)
    raise _other(name, value, "a path")


def _folder_or_none(name: str, value: Any) -> Path | None:
    return None if value is None else _folder(name, value)


def _whole(name: str, value: Any) -> int | None:
    """Return an integer of any library as an int; booleans and strings are refused."""
    if value is None:
        return None
    try:
        if type(value).__name__ not in ("bool", "bool_"):
            return operator.index(value)
    except TypeError:
        pass
    raise _other(name, value, "a whole number")


def _flag(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _other(name, value, "True or False")


def _other(name: str, value: Any, expected: str) -> RequestError:
    shown = repr(value)
    return RequestError(f"{name}={shown if len(shown) < 80 else shown[:77] + '...'}: expected {expected}.")


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "data": _folder_or_none,
    "splits": _folder_or_none,
    "track": _name_or_file,
    "protocol": _name_or_file,
    "name": _text,
    "samples": _whole,
    "precision": _text,
    "resize": _flag,
    "trim": _text,
    "layout": _text,
    "value_range": _text,
    "follow_links": _flag,
    "conditional": _flag,
    "device": _text,
    "runs": _folder,
}
