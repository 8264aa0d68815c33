"""Findings: what a check reports about a file, as text that is safe to print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vidgen_bench.escaping import printable


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
