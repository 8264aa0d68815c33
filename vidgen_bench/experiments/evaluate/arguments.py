"""Arguments of the Python function, as strangers give them: of the right type, spelt as the command line spells them, or refused."""

from __future__ import annotations

import operator
import os
from pathlib import Path
from typing import Any

from vidgen_bench.errors import RequestError


def text(name: str, value: Any) -> str | None:
    """Return a string or None as it is.

    Raises:
        RequestError: anything else.
    """
    if value is None or isinstance(value, str):
        return value
    raise _other(name, value, "a string")


def name_or_file(name: str, value: Any) -> str | None:
    """Return the name of something that ships, or the path of one's own file, as a string.

    Raises:
        RequestError: neither, nor None.
    """
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, str):
        return value
    raise _other(name, value, "a name, or the path of a .toml file")


def folder(name: str, value: Any) -> Path:
    """Return a path.

    Raises:
        RequestError: anything else.
    """
    if isinstance(value, str | os.PathLike):
        return Path(value)
    raise _other(name, value, "a path")


def whole(name: str, value: Any) -> int | None:
    """Return a whole number, of whatever library, or None.

    Raises:
        RequestError: anything else, truth values and numbers in quotes included.
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
    """Return True or False.

    Raises:
        RequestError: anything else.
    """
    if isinstance(value, bool):
        return value
    raise _other(name, value, "True or False")


def _other(name: str, value: Any, expected: str) -> RequestError:
    shown = repr(value)
    return RequestError(f"{name}={shown if len(shown) < 80 else shown[:77] + '...'}: expected {expected}.")
