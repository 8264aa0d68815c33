"""How many clips are measured at once: as many as the device's memory holds.

On a GPU the memory that a clip takes is measured on a few, and the batch is the largest power of two that fits in a share of what
is free; one that does not fit after all is halved, and so are those after it. On a CPU more than a few dozen clips at once gain nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from vidgen_bench.system.device import free_memory

CHUNK = 32
"""Clips at once on a CPU, and where nothing is known yet."""
_SHARE = 0.5
_PROBE = (2, 6)
_MOST = 1024


def fitting_rows(free: int, each: int) -> int:
    """Return the largest power of two of rows, ``each`` of so many bytes, that takes up to half of the ``free`` bytes; 1 to 1,024."""
    fit = int(free * _SHARE) // max(each, 1)
    return 1 << max(0, min(fit, _MOST).bit_length() - 1)


def rows_at_once(work: Callable[[int], object], device: torch.device) -> int:
    """Return how many rows ``work`` may be given at once on this device; on a GPU it is tried with a few.

    Args:
        work: does its work on so many rows, and forgets them.
    """
    if device.type != "cuda":
        return CHUNK
    try:
        few, more = (_peak(work, rows, device) for rows in _PROBE)
    except torch.OutOfMemoryError:
        return 1
    return fitting_rows(free_memory(device), (more - few) // (_PROBE[1] - _PROBE[0]))


def _peak(work: Callable[[int], object], rows: int, device: torch.device) -> int:
    work(rows)  # the first call allocates what stays: workspaces, plans
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    work(rows)
    torch.cuda.synchronize(device)
    return torch.cuda.max_memory_allocated(device)


def in_parts(work: Callable[[Tensor], dict[str, Tensor]], clips: Tensor, rows: int) -> tuple[dict[str, Tensor], int]:
    """Return ``work`` done on parts of at most so many rows, joined in order, and how many rows the memory holds.

    A part that does not fit is halved, and so are those after it.

    Raises:
        OutOfMemoryError: a single row does not fit.
    """
    done: list[dict[str, Tensor]] = []
    start = 0
    while start < len(clips):
        part = clips[start : start + rows]
        try:
            done.append(work(part))
        except torch.OutOfMemoryError:
            if len(part) == 1:
                raise
            rows = len(part) // 2
            torch.cuda.empty_cache()
            continue
        start += len(part)
    return {name: torch.cat([p[name] for p in done]) for name in done[0]}, rows
