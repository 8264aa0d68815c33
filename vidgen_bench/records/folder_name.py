"""Names of folders: of a spec with its options, in a folder of runs and of submitted results, and of a run that was put aside."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from vidgen_bench.config.spec import spelt

LONGEST = 120
"""A longer name is cut, and ends in a hash of the whole name."""

_CUT = 100
"""Characters before the hash."""

_PUT_ASIDE = re.compile(r"seed-[0-9]+\.[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{4}(-[0-9]+)?")


def folder_name(spec: str, given: Mapping[str, Any]) -> str:
    """Return ``SPEC[,option=value...]`` with ``.`` for ``:``, the same name for all spellings of a spec.

    A character that a folder name cannot have becomes ``-``. Such a name ends in a hash, so that no two specs or option sets share
    a folder; so does a name that could also be read as that of another spec or option set.

    Args:
        spec: the canonical spec.
        given: the options that the user set.
    """
    values = {key: spelt(value) for key, value in sorted(given.items())}
    exact = spec.replace(":", ".") + "".join(f",{key}={value}" for key, value in values.items())
    name = _allowed(exact)
    # a plugin's own dot reads as the dot of a variant, "=" in a value as a further option, and "~" as the start of a hash
    if name != exact or "." in spec or "~" in exact or any("=" in value for value in values.values()):
        return _cut(name, json.dumps([spec, values]))
    return name if len(name) <= LONGEST else _cut(name, name)


def name_begins(spec: str) -> str:
    """Return what the folder names of a spec with any options have in common."""
    return _allowed(spec.replace(":", "."))[:_CUT]


def put_aside_name(folder: str, begun: datetime, number: int = 1) -> str:
    """Return ``seed-0.2026-11-30T0915``: a run's folder name with the time in UTC at which the run began, and -2 for a second one."""
    return f"{folder}.{begun.astimezone(UTC):%Y-%m-%dT%H%M}{f'-{number}' if number > 1 else ''}"


def is_put_aside(name: str) -> bool:
    """Return whether this is the folder name of a run that was started over; its place has another run now."""
    return _PUT_ASIDE.fullmatch(name) is not None


def _allowed(text: str) -> str:
    return re.sub(r"[^a-z0-9+.,=_~-]", "-", text)


def _cut(name: str, whole: str) -> str:
    return f"{name[:_CUT]}~{hashlib.sha256(whole.encode()).hexdigest()[:12]}"
