"""The names of derived tracks, such as ``NAME~iterations=5,precision=tf32`` after ``--budget`` and ``--precision``."""

from __future__ import annotations

from dataclasses import dataclass

_PRECISION = "precision="


@dataclass(frozen=True)
class DerivedName:
    """A track's name in parts: ``budget`` and ``precision`` are empty where they are the base track's own."""

    base: str
    budget: str = ""
    precision: str = ""

    @classmethod
    def parse(cls, name: str) -> DerivedName:
        """Return the parts of a name."""
        base, _, changes = name.partition("~")
        words = changes.split(",") if changes else []
        precision = "".join(word.removeprefix(_PRECISION) for word in words if word.startswith(_PRECISION))
        return cls(base, ",".join(word for word in words if not word.startswith(_PRECISION)), precision)

    def __str__(self) -> str:
        words = [self.budget, self.precision and f"{_PRECISION}{self.precision}"]
        changes = ",".join(word for word in words if word)
        return f"{self.base}~{changes}" if changes else self.base
