"""The grammar of specs, which name the model to benchmark: ``backbone[+temporal][:variant]``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from vidgen_bench.errors import RequestError

NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*\Z")
"""The valid names of plugins."""

_PART = NAME.pattern.removesuffix(r"\Z")

SPEC = re.compile(rf"(?P<backbone>{_PART})(\+(?P<temporal>{_PART}))?(:(?P<variant>{_PART}))?\Z")
"""The valid specs."""


@dataclass(frozen=True)
class Spec:
    """A parsed spec; ``temporal`` is None if it names none, or if the backbone has no temporal path."""

    backbone: str
    temporal: str | None = None
    variant: str | None = None

    def __str__(self) -> str:
        text = self.backbone if self.temporal is None else f"{self.backbone}+{self.temporal}"
        return text if self.variant is None else f"{text}:{self.variant}"


def parse(text: str) -> Spec:
    """Return the parts of ``tgan``, ``tgan+ode1`` or ``tgan+ode1:equal``.

    Raises:
        RequestError: the text does not have this form.
    """
    match = SPEC.match(text.strip())
    if not match:
        raise RequestError(
            f"{text!r} is not a valid spec: expected backbone, backbone+temporal or backbone+temporal:variant, as in tgan+ode1:equal. "
            "`vidgen-bench plugins` lists the names."
        )
    return Spec(**match.groupdict())


def spelt(value: Any) -> str:
    """Return an option's value as you type it after ``--set``."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return ",".join(spelt(v) for v in value)
    return "none" if value is None else str(value)
