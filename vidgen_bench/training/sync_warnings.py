"""torch's own warnings about operations that make the host wait for a GPU: they see copies that no operator shows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

WARNING = "called a synchronizing CUDA operation"
"""How torch's warning begins; the debug mode warns about itself, too."""

COPY = "a copy between host and device, or another read by the host"


@contextmanager
def gpu_waits(found: set[str]) -> Iterator[None]:
    """Add :data:`COPY` to ``found`` if the host waits for a GPU inside the block; without a GPU in use, do nothing."""
    if not torch.cuda.is_initialized():
        yield
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before = torch.cuda.get_sync_debug_mode()
        torch.cuda.set_sync_debug_mode("warn")
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode(before)
    for warning in caught:
        if str(warning.message).startswith(WARNING):
            found.add(COPY)
        elif not str(warning.message).startswith("Synchronization debug mode"):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
