"""The third-party plugin, and the line in it, that raised an unexpected exception."""

from __future__ import annotations

from importlib.metadata import entry_points

from vidgen_bench.api import ENTRY_POINT_GROUP
from vidgen_bench.host.traceback_location import place


def plugin_fault(error: BaseException) -> str | None:
    """Return ``vidgen-mine 0.1.0 (vidgen_mine/network.py, line 12, in forward)``, or None if no third-party code was running."""
    owners = {
        point.value.partition(":")[0].partition(".")[0]: f"{point.dist.name} {point.dist.version}"
        for point in entry_points(group=ENTRY_POINT_GROUP)
        if point.dist is not None and point.dist.name != "vidgen-bench"
    }
    owner, where = place(error, owners)
    return f"{owners[owner]} ({where})" if owner else None
