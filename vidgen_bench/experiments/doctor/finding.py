"""The result of one check of the machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["ok", "note", "fault"]
"""``fault``: something is broken. ``note``: all works, and there is something to know."""


@dataclass(frozen=True)
class Finding:
    """What a check found, on one line, and what to do about it."""

    name: str
    """The subject: ``torch``, ``plugins``."""
    state: State
    text: str
    fix: str = ""
    """What to do; a fault always has it."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """The facts, for JSON."""

    def values(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return {**vars(self), "details": dict(self.details)}
