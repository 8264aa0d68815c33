"""Typed options: check values from the command line or TOML against the fields of a plugin's frozen dataclass.

Supported field types: ``bool``, ``int``, ``float``, ``str``, ``Literal[...]``, ``None``, ``tuple[<one of these>, ...]`` and
unions of them. A text from the command line is parsed as the first member of the union that accepts it.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.escaping import finite

MOST_WHOLE, MOST = 2**31 - 1, 1e30
"""The largest whole and the largest other number of an option: torch computes in int64 and float32, and multiplies sizes."""


class _Refused(Exception):
    """The type does not accept the value."""


@dataclass(frozen=True)
class Option:
    """One field of an options dataclass, for listings."""

    name: str
    type: str
    default: Any
    help: str


def listed(options: type) -> list[Option]:
    """Return the options of a dataclass in order, with readable type names."""
    hints = typing.get_type_hints(options)
    return [
        Option(f.name, type_name(hints[f.name]), f.default, f.metadata.get("help", ""))
        for f in dataclasses.fields(options)
    ]


def type_name(hint: Any) -> str:
    """Return a readable name of a type: ``integer or 'equal'``."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(type_name(a) for a in args)
    if origin is Literal:
        return " or ".join(repr(a) for a in args)
    if origin is tuple:
        return f"list of {type_name(args[0])}"
    return {int: "integer", float: "number", bool: "true or false", str: "text", type(None): "none"}.get(
        hint, str(hint)
    )


def checked(options: type, name: str, value: Any, *, where: str) -> Any:
    """Return ``value`` converted to the type of field ``name``.

    Args:
        options: the frozen dataclass.
        name: field name.
        value: a TOML value, or a text from the command line.
        where: the option as the user wrote it, for the message: ``temporal.hidden``.
    Raises:
        RequestError: an unknown name (the text suggests the nearest), a wrong type, or a value out of range.
    """
    fields = {f.name: f for f in dataclasses.fields(options)}
    if name not in fields:
        prefix = where.rpartition(".")[0] or "these options"
        raise RequestError(f"{prefix} has no option {name!r}.{did_you_mean(name, fields)}")
    hint = typing.get_type_hints(options)[name]
    try:
        result = _accept(hint, value)
    except _Refused:
        raise RequestError(f"{where}={_shown(value)}: expected {type_name(hint)}.") from None
    if isinstance(result, tuple) and any(isinstance(v, float) and not math.isfinite(v) for v in result):
        raise RequestError(f"{where}={_shown(value)}: expected {type_name(hint)}, all finite.")
    for number in result if isinstance(result, tuple) else (result,):
        if isinstance(number, int | float) and math.inf > abs(number) > (
            MOST if isinstance(number, float) else MOST_WHOLE
        ):
            limit = f"{MOST:g}" if isinstance(number, float) else f"{MOST_WHOLE:,}"
            raise RequestError(f"{where}={_shown(value)}: expected {type_name(hint)}, at most {limit}.")
    low, high = fields[name].metadata.get("at_least"), fields[name].metadata.get("at_most")
    if isinstance(result, int | float) and not isinstance(result, bool):
        if (low is not None and result < low) or (high is not None and result > high) or not math.isfinite(result):
            limits = {"at least": low, "at most": high}
            bounds = " and ".join(f"{word} {limit}" for word, limit in limits.items() if limit is not None)
            raise RequestError(f"{where}={_shown(value)}: expected {type_name(hint)}, {bounds or 'a finite number'}.")
    return result


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _accept(hint: Any, value: Any) -> Any:
    """Return the value converted to the hint, or raise _Refused: a text is parsed, any other value must already fit."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        for member in args:
            try:
                return _accept(member, value)
            except _Refused:
                continue
        raise _Refused
    if origin is Literal:
        return _one_of(args, value)
    if origin is tuple:
        parts = [p for p in value.strip("[]() ").split(",") if p.strip()] if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            raise _Refused
        return tuple(_accept(args[0], p.strip() if isinstance(p, str) else p) for p in parts)
    if hint in (int, float):
        return _number(hint, value)
    return _SCALARS[hint](value)


def _one_of(choices: tuple[Any, ...], value: Any) -> Any:
    for choice in choices:
        if value == choice and type(value) is type(choice):
            return choice
        if isinstance(value, str) and value == str(choice):
            return choice
    raise _Refused


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise _Refused


def _number(to: type[int] | type[float], value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, to | int | str):
        raise _Refused
    try:
        return to(value)
    except (ValueError, OverflowError):
        raise _Refused from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Refused
    return value


def _none(value: Any) -> None:
    if value is None or (isinstance(value, str) and value.lower() == "none"):
        return
    raise _Refused


_SCALARS = {bool: _boolean, str: _text, type(None): _none}


def option_text(value: Any) -> str:
    """Return an option value as ``--set`` takes it: ``true``, ``none``, ``64,128``; ``()`` for an empty list."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, tuple | list):
        return ",".join(option_text(v) for v in value) or "()"
    return str(value)


def jsonable(value: Any) -> Any:
    """Return an option value as JSON represents it: tuples become lists; numbers that are not finite, texts."""
    if isinstance(value, tuple):
        return [jsonable(v) for v in value]
    if isinstance(value, Mapping):
        return {k: jsonable(v) for k, v in value.items()}
    return finite(value)
