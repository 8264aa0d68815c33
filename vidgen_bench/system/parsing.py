"""Parses TOML and JSON from files that anyone may have written: every text that cannot be used is a ValueError, soon."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

LARGEST = 2**20
"""Bytes of the largest TOML file."""

DEEPEST_KEY = 32
"""Parts of the longest dotted key: tomllib needs time quadratic in it, minutes for a key of 40 kB."""

_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
# a word is tried at its beginning alone, so the search takes time linear in the text
_LONG_KEY = re.compile(rf"(?<![A-Za-z0-9_-])(?:{_PART}[ \t]*+\.[ \t]*+){{{DEEPEST_KEY}}}{_PART}")


def parse_toml_text(content: bytes) -> dict[str, Any]:
    """Return the table in a TOML file.

    Raises:
        ValueError: not UTF-8, not valid TOML, or beyond the limits above; the message is the reason.
    """
    if len(content) > LARGEST:
        raise ValueError(f"it has {len(content):,} bytes, at most {LARGEST:,} are read")
    text = content.decode()
    if _LONG_KEY.search(text):
        raise ValueError(f"a dotted key has more than {DEEPEST_KEY} parts")
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    _check_numbers(table)
    return table


def _check_numbers(value: Any) -> None:
    """Check that every whole number has at most the 64 bits of TOML: tomllib takes thousands of digits, which no message can quote."""
    left = [value]
    while left:
        inner = left.pop()
        if isinstance(inner, dict | list):
            left += inner.values() if isinstance(inner, dict) else inner
        elif isinstance(inner, int) and not -(2**63) <= inner < 2**63:
            raise ValueError("a whole number has more than 64 bits")


def parse_json_text(content: bytes | str) -> Any:
    """Return the value in a JSON text.

    Raises:
        ValueError: not UTF-8, not valid JSON, or nested too deeply; the message is the reason.
    """
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
