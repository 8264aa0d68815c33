"""The options of a plugin: how they are declared, and defaults for one exact spec."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


def option(default: Any, help: str, *, at_least: float | None = None, at_most: float | None = None) -> Any:
    """Return a field for an options dataclass, with its default, one line of help, and optionally its inclusive range."""
    return dataclasses.field(default=default, metadata={"help": help, "at_least": at_least, "at_most": at_most})


@dataclass(frozen=True)
class NoOptions:
    """The options of a plugin without options."""


@dataclass(frozen=True)
class Pairing:
    """Option defaults for one canonical spec, for values that neither side can choose alone."""

    spec: str
    """The exact canonical spec, variant included: ``mocogan+ode1:equal``. No wildcards."""
    options: Mapping[str, Any]
    """``{"temporal.hidden": 49, "backbone.width": 1.0}``."""
    reference: str
    """The source of the values."""
