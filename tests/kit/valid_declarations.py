"""Declarations that are valid as they are; a test changes one thing."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from vidgen_bench.api import Clip, NoOptions, option


@dataclass(frozen=True)
class Options:
    """Options of the temporal generator below."""

    hidden: int = option(64, "width")


def _nothing(*arguments: Any) -> None:
    return None


def temporal(**changes: Any) -> SimpleNamespace:
    """Return a valid temporal generator's declaration, changed."""
    valid: dict[str, Any] = {
        "name": "still", "summary": "s", "reference": "r", "api": "1.0",
        "options": Options, "sets": {"hidden": 1}, "variants": {"wide": {"hidden": 256}},
        "stochastic": False, "null": False, "can": frozenset({"after"}), "refuses": _nothing, "build": _nothing,
    }  # fmt: skip
    return SimpleNamespace(**{k: v for k, v in (valid | changes).items() if v is not ...})


def backbone(**changes: Any) -> SimpleNamespace:
    """Return a valid backbone's declaration, changed."""
    valid: dict[str, Any] = {
        "name": "gan", "summary": "s", "reference": "r", "api": "1.0",
        "options": NoOptions, "own": None, "reconstruction": False, "can": frozenset(),
        "small": (Clip(4, 8, 2), {}), "refuses": _nothing, "latent": _nothing, "build": _nothing,
    }  # fmt: skip
    return SimpleNamespace(**{k: v for k, v in (valid | changes).items() if v is not ...})
