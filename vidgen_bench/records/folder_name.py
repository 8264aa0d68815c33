"""The folder name of a spec with its options, in a folder of runs and in a folder of submitted results."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from vidgen_bench.config.spec import spelt

LONGEST = 120
"""A longer name is cut, and ends in a hash of the whole name."""


def folder_name(spec: str, given: Mapping[str, Any]) -> str:
    """Return ``SPEC[,option=value...]`` with ``.`` for ``:``, the same name for all spellings of a spec.

    Args:
        spec: the canonical spec.
        given: the options that the user set.
    """
    options = "".join(f",{key}={spelt(value)}" for key, value in sorted(given.items()))
    name = re.sub(r"[^a-z0-9+.,=_~-]", "-", spec.replace(":", ".") + options)
    return name if len(name) <= LONGEST else f"{name[:100]}~{hashlib.sha256(name.encode()).hexdigest()[:12]}"
