"""Which package to uninstall when plugins are in each other's way: never vidgen-bench itself."""

from __future__ import annotations

from collections.abc import Iterable

OURS = "vidgen-bench"
"""The distribution of the harness and of the plugins that come with it."""


def removal(distributions: Iterable[str]) -> str:
    """Return the command that removes one of some packages, as half a sentence; empty if all of them are vidgen-bench."""
    given = set(distributions)
    others = sorted(given - {OURS, "unknown"})
    if not others:
        return ""
    if len(others) > 1:
        return f"Uninstall one of these packages, as with `pip uninstall {others[0]}`"
    return f"Uninstall {others[0]}, with `pip uninstall {others[0]}`"
