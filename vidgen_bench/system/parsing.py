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
_LONG_KEY = re.compile(rf"(?:{_PART}[ \t]*+\.[ \t]*+){{{DEEPEST_KEY}}}{_PART}")


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
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def parse_json_text(content: bytes | str) -> Any:
    """Return the value in a JSON text.

    Raises:
        ValueError: not UTF-8, not valid JSON, or nested too deeply; the message is the reason.
    """
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
