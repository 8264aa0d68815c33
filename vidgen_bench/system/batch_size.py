"""Measurement batch size: the number of clips that fit in the device's memory at once.

On a GPU the memory per clip is measured on a few clips; the batch is the largest power of two that fits in half of the free memory.
If a batch does not fit after all, it and all later ones are halved. On a CPU, more than a few dozen clips at once gain nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from vidgen_bench.system.device import free_memory

CHUNK = 32
"""Clips at once on a CPU, and before a GPU has been measured."""
_SHARE = 0.5
_PROBE = (2, 6)
_MOST = 1024


def fitting_rows(free: int, each: int) -> int:
    """Return how many rows of ``each`` bytes fit in half of ``free`` bytes: a power of two, 1 to 1,024."""
    fit = int(free * _SHARE) // max(each, 1)
    return 1 << max(0, min(fit, _MOST).bit_length() - 1)


def rows_at_once(work: Callable[[int], object], device: torch.device) -> int:
    """Return how many rows ``work`` can process at once on this device; on a GPU, a call with a few rows measures its memory.

    Args:
        work: processes the given number of rows and keeps no reference to them.
    """
    if device.type != "cuda":
        return CHUNK
    try:
        few, more = (_peak(work, rows, device) for rows in _PROBE)
    except torch.OutOfMemoryError:
        return 1
    return fitting_rows(free_memory(device), (more - few) // (_PROBE[1] - _PROBE[0]))


def _peak(work: Callable[[int], object], rows: int, device: torch.device) -> int:
    work(rows)  # the first call allocates memory that is kept: workspaces, plans
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    work(rows)
    torch.cuda.synchronize(device)
    return torch.cuda.max_memory_allocated(device)


def in_parts(work: Callable[[Tensor], dict[str, Tensor]], clips: Tensor, rows: int) -> tuple[dict[str, Tensor], int]:
    """Return the outputs of ``work`` on parts of at most ``rows`` clips, joined in order, and how many rows fit in memory.

    If a part does not fit, it and all later parts are halved.

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
