"""The location in a plugin's source files from which an exception came."""

from __future__ import annotations

import traceback
from collections.abc import Collection
from pathlib import Path


def place(error: BaseException, packages: Collection[str]) -> tuple[str, str]:
    """Return the innermost frame in these packages: its package, and ``my_ode/network.py, line 12, in forward``.

    Args:
        error: an exception with its traceback.
        packages: names of top-level packages.
    Returns:
        Two empty texts if the traceback has no such frame.
    """
    found = ("", "")
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        top = module.partition(".")[0]
        if top in packages:
            file = Path(frame.f_code.co_filename)
            depth = module.count(".") + (2 if file.stem == "__init__" else 1)
            found = top, f"{'/'.join(file.parts[-depth:])}, line {line}, in {frame.f_code.co_name}"
    return found
