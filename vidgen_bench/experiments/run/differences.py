"""Where two requests differ, in words: the innermost keys, and the part of a long value that is different."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from vidgen_bench.escaping import one_line

_LISTED = 3
"""Differences that a sentence lists."""

_BEFORE, _LONGEST = 20, 100
"""Characters of a long value that are shown before the first difference, and in all."""

_MISSING = object()


def difference(name: str, before: Any, now: Any) -> str:
    """Return how a value differs from another one: ``its seed is 7, not 0``, ``in its options, temporal.hidden is 64, not 32``."""
    if not (isinstance(before, Mapping) and isinstance(now, Mapping)):
        return f"its {name} is {_words(before, now)}"
    found = [f"{path} is {_words(*values)}" for path, *values in _leaves(before, now)]
    more = f", and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return f"in its {name}, {'; '.join(found[:_LISTED])}{more}"


def _leaves(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield the path and both values of every innermost key that differs, in the order of the keys."""
    for key in [*before, *(key for key in now if key not in before)]:
        was, new = before.get(key, _MISSING), now.get(key, _MISSING)
        if isinstance(was, Mapping) and isinstance(new, Mapping):
            yield from ((f"{key}.{path}", *values) for path, *values in _leaves(was, new))
        elif _text(was) != _text(new):
            yield key, was, new


def _text(value: Any) -> str:
    return "missing" if value is _MISSING else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _words(was: Any, now: Any) -> str:
    texts = _text(was), _text(now)
    alike = next((i for i, (one, other) in enumerate(zip(*texts, strict=False)) if one != other), min(map(len, texts)))
    start = max(0, alike - _BEFORE)
    return one_line(", not ".join(_part(text, start if len(text) > _LONGEST else 0) for text in texts))


def _part(text: str, start: int) -> str:
    """Return a text from ``start`` on, cut to the longest length, with dots where something is left out."""
    end = start + _LONGEST
    return f"{'...' * (start > 0)}{text[start:end]}{'...' * (end < len(text))}"
