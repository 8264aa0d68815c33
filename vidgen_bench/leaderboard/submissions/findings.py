"""Findings: what a check reports about a file, as text that is safe to print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LONGEST = 400
"""Characters of a path or reason; the rest is cut."""


def printable(text: str, longest: int = LONGEST) -> str:
    """Return a text on one line, with control characters and invisible marks escaped, cut to ``longest`` characters."""
    cut = text if len(text) <= longest else text[:longest] + f"... ({len(text):,} characters)"
    return one_line(cut)


def one_line(text: str) -> str:
    """Return a text on one line, with control characters and invisible marks escaped."""
    if text.isprintable():
        return text
    joined = " ".join(text.split("\n"))
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in joined)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a file, or that a person should look at."""

    path: str
    reason: str
    kind: Literal["fault", "look"]
    """A fault must be repaired; ``look`` is for a person to judge."""


def fault(path: object, reason: str) -> Finding:
    """Return a fault of a file; both texts may be untrusted."""
    return Finding(printable(str(path), 200), printable(reason), "fault")


def look(path: object, reason: str) -> Finding:
    """Return a finding for a person to judge; both texts may be untrusted."""
    return Finding(printable(str(path), 200), printable(reason), "look")
