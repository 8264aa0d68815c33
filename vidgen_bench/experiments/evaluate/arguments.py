"""Checks the types of the arguments of ``vidgen_bench.evaluate``, and returns them as the command line would pass them."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from vidgen_bench.errors import RequestError


def text(name: str, value: Any) -> str | None:
    """Return a string or None unchanged.

    Raises:
        RequestError: the value is neither a string nor None.
    """
    if value is None or isinstance(value, str):
        return value
    raise _other(name, value, "a string")


def name_or_file(name: str, value: Any) -> str | None:
    """Return a shipped name or the path of your own file, as a string; None stays None.

    Raises:
        RequestError: the value is neither a string nor a path.
    """
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, str):
        return value
    raise _other(name, value, "a name, or the path of a .toml file")


def folder(name: str, value: Any) -> Path:
    """Return a path.

    Raises:
        RequestError: the value is not a path.
    """
    if isinstance(value, str | os.PathLike):
        return Path(value)
    raise _other(name, value, "a path")


def whole(name: str, value: Any) -> int | None:
    """Return an integer of any library as an int; None stays None.

    Raises:
        RequestError: the value is not an integer; booleans and strings are not.
    """
    if value is None:
        return None
    try:
        if type(value).__name__ not in ("bool", "bool_"):
            return operator.index(value)
    except TypeError:
        pass
    raise _other(name, value, "a whole number")


def flag(name: str, value: Any) -> bool:
    """Return a boolean unchanged.

    Raises:
        RequestError: the value is not a boolean.
    """
    if isinstance(value, bool):
        return value
    raise _other(name, value, "True or False")


def _other(name: str, value: Any, expected: str) -> RequestError:
    shown = repr(value)
    return RequestError(f"{name}={shown if len(shown) < 80 else shown[:77] + '...'}: expected {expected}.")


CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "track": name_or_file,
    "protocol": name_or_file,
    "name": text,
    "samples": whole,
    "precision": text,
    "resize": flag,
    "trim": text,
    "layout": text,
    "value_range": text,
}
"""The check of each argument that passes unchanged into an :class:`EvaluationRequest`."""
