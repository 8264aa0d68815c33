"""Keeps integration out of autocast: bfloat16 has 8 bits, less than a solver's tolerance and than the size of its steps."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def whole(state: Tensor) -> tuple[Tensor, AbstractContextManager[object]]:
    """Return the state in float32 and a context without autocast; without autocast, the state itself and an empty context."""
    kind = state.device.type
    if kind == "meta" or not torch.is_autocast_enabled(kind):
        return state, nullcontext()
    return state.float(), torch.autocast(kind, enabled=False)
