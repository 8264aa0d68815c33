"""Waiting until what was written is on the disk, so that a journal line or a finished folder never speaks too soon."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any


def settle(file: IO[Any]) -> None:
    """Return once what was written to ``file`` is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def settle_folder(folder: Path) -> None:
    """Return once the names in ``folder`` are on the disk, where the platform can promise that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
