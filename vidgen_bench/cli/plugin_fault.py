"""Whether an exception that nobody foresaw came out of a stranger's plugin, and where in it."""

from __future__ import annotations

import traceback
from importlib.metadata import entry_points
from pathlib import Path

from vidgen_bench import ENTRY_POINT_GROUP


def plugin_fault(error: BaseException) -> str | None:
    """Return ``vidgen-mine 0.1.0 (vidgen_mine/network.py, line 12, in forward)``, or None where no stranger's code was running."""
    owners = {
        point.value.partition(":")[0].partition(".")[0]: f"{point.dist.name} {point.dist.version}"
        for point in entry_points(group=ENTRY_POINT_GROUP)
        if point.dist is not None and point.dist.name != "vidgen-bench"
    }
    found = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        owner = owners.get(str(frame.f_globals.get("__name__", "")).partition(".")[0])
        if owner is not None:
            file = Path(frame.f_code.co_filename)
            found = f"{owner} ({file.parent.name}/{file.name}, line {line}, in {frame.f_code.co_name})"
    return found
