"""What all declarations have: how a plugin module registers them, and the attributes of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pluggy

ENTRY_POINT_GROUP = "vidgen_bench"
"""The entry-point group in which a package registers its plugins."""

hookimpl = pluggy.HookimplMarker(ENTRY_POINT_GROUP)
"""Marks a function of a plugin module as a hook implementation; docs/plugins/reference.md lists the hooks."""

API = "1.3"
"""Version of this contract: the first number changes when plugins written for an earlier version may no longer work."""

Report = Callable[[str, int, int], None]
"""Called to report progress, as in ``report("decoding", 3, 72)``: the work, the part done, and the total."""


class Named(Protocol):
    """The attributes of every declaration except a pairing."""

    @property
    def name(self) -> str:
        """Lower-case letters, digits, ``-``, ``_`` and ``.``; this is how specs spell it."""

    @property
    def api(self) -> str:
        """The :data:`API` it was written for; another major version is refused."""

    @property
    def summary(self) -> str:
        """One line, shown by ``vidgen-bench plugins``."""

    @property
    def reference(self) -> str:
        """Its paper or page."""
