"""Names of distributions, which may be spelt in several ways."""

from __future__ import annotations

import re
from functools import lru_cache

OURS = "vidgen-bench"
"""The distribution of the harness; tables name only the other distributions."""


@lru_cache(maxsize=256)
def normalised(name: str) -> str:
    """Return the name as PEP 503 compares names: ``vidgen-bench`` for ``vidgen_bench`` and ``Vidgen.Bench``."""
    return re.sub(r"[-_.]+", "-", name).lower()
