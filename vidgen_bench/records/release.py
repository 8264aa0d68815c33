"""Versions of releases in one spelling: 0.1.0, v0.1 and 0.1.0.0 are one release."""

from __future__ import annotations

import re
from functools import lru_cache

_RELEASE = re.compile(
    r"v?(?:(?P<epoch>\d{1,18})!)?(?P<numbers>\d{1,18}(?:\.\d{1,18})*)"
    r"(?:[-_.]?(?P<phase>alpha|a|beta|b|preview|pre|rc|c)[-_.]?(?P<pre>\d{0,18}))?"
    r"(?P<post>[-_.]?(?:post|rev|r)[-_.]?(?P<after>\d{0,18})|-(?P<short>\d{1,18}))?",
    re.IGNORECASE | re.ASCII,
)
"""A version by PEP 440 that its publisher can release: neither a development version nor a local one, ``0.1.0+mine``."""

_PHASES = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


@lru_cache(maxsize=256)
def release(version: str) -> str | None:
    """Return a release as PEP 440 compares it, without zeros at the end: ``0.1`` for ``v0.1.0``; None for any other text."""
    match = _RELEASE.fullmatch(version)
    if match is None:
        return None
    numbers = [int(number) for number in match["numbers"].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    text = f"{int(match['epoch'] or 0)}!" if int(match["epoch"] or 0) else ""
    text += ".".join(map(str, numbers))
    if match["phase"]:
        phase = match["phase"].lower()
        text += f"{_PHASES.get(phase, phase)}{int(match['pre'] or 0)}"
    if match["post"]:
        text += f".post{int(match['after'] or match['short'] or 0)}"
    return text
