"""The peak memory of this process on its device."""

from __future__ import annotations

import sys

import torch


def peak_memory(device: torch.device) -> int:
    """Return the peak in bytes: of the GPU's allocator, or of this process's resident memory (0 where neither is known)."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    if sys.platform == "win32":
        return 0
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
