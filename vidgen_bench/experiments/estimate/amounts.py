"""Times and sizes as people read them."""

from __future__ import annotations

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_YEARS = 2
"""From this many years on, days and hours say nothing."""


def duration(seconds: float) -> str:
    """Return ``0.4 s``, ``35 s``, ``12 min``, ``3 h 20 min``, ``5 d 4 h`` or ``12 years``; two units at most."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds >= _YEARS * 365.25 * 86400:
        return f"{seconds / (365.25 * 86400):.3g} years"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours = round(seconds / 3600)
    if hours < 48:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{hours // 24} d {hours % 24} h"


def number(count: int) -> str:
    """Return ``1,234``, or ``1.2e+18`` for a count that nobody reads digit by digit."""
    return f"{count:,}" if count < 10**12 else f"{float(count):.2g}"


def size(count: int) -> str:
    """Return ``640 B``, ``1.2 MiB`` or ``34 GiB``."""
    value, unit = float(count), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.0f} B" if unit == 0 else f"{value:.{1 if value < 10 else 0}f} {_UNITS[unit]}"
