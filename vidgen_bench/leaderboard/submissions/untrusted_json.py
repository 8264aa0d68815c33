"""Reads untrusted JSON: nothing in it may be ambiguous, unprintable or beyond the numbers that statistics can use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from vidgen_bench.records.entries import LARGEST
from vidgen_bench.records.record import DEEPEST
from vidgen_bench.system.library_errors import reason

LONGEST_KEY, LONGEST_TEXT = 300, 2_000
"""Characters of a key and of a text."""


class InvalidJson(ValueError):
    """The text is refused; the message is the reason, not yet safe to print."""


def parse(content: bytes) -> Any:
    """Return the JSON value of a file.

    Raises:
        InvalidJson: not UTF-8, not valid JSON, a number that is not finite, a key twice in a table, nested too deeply, or a text that
            is too long or has control characters.
    """
    try:
        value = json.loads(content.decode(), parse_constant=_constant, object_pairs_hook=_table)
    except InvalidJson:
        raise
    except UnicodeDecodeError:
        raise InvalidJson("is not valid JSON: it is not UTF-8 text") from None
    except RecursionError:
        raise InvalidJson(f"is nested deeper than {DEEPEST} levels") from None
    except ValueError as error:
        raise InvalidJson(f"is not valid JSON: {reason(error)}") from None
    if (fault := next(_faults(value, "", DEEPEST), None)) is not None:
        raise InvalidJson(fault)
    return value


def _constant(name: str) -> Any:
    raise InvalidJson(f"contains {name}, which is not a finite number")


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for name, value in pairs:
        if name in table:
            raise InvalidJson(f"has the key {name[:LONGEST_KEY]!r} twice in one table")
        table[name] = value
    return table


def _faults(value: Any, place: str, levels: int) -> Iterator[str]:
    """Yield what is wrong with a value and the values inside it."""
    if levels < 0:
        yield f"is nested deeper than {DEEPEST} levels"
    elif isinstance(value, dict):
        for key, inner in value.items():
            if fault := _of_text(key, LONGEST_KEY, ""):
                yield f"{place or 'the whole table'}: a key {fault}"
                return
            yield from _faults(inner, f"{place}.{key}".lstrip("."), levels - 1)
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _faults(inner, f"{place}.{i}", levels - 1)
    elif isinstance(value, str):
        if fault := _of_text(value, LONGEST_TEXT, "\n"):
            yield f"{place}: {fault}"
    elif isinstance(value, int | float) and not -LARGEST <= value <= LARGEST:
        yield f"{place}: a number beyond {LARGEST:g}"


def _of_text(text: str, longest: int, allowed: str) -> str:
    """Return what is wrong with a text; empty if nothing is."""
    if len(text) > longest:
        return f"has {len(text):,} characters; at most {longest:,} are allowed"
    if wrong := [c for c in text if not c.isprintable() and c not in allowed]:
        return f"contains the control or invisible character {wrong[0]!a}"
    return ""
