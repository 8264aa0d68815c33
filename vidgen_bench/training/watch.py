"""What the first iteration is seen to do: floating-point operations, host synchronisations, and global random numbers."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

_SYNCHRONISES = {"aten::_local_scalar_dense", "aten::nonzero", "aten::is_nonzero", "aten::equal"}


class Watch(TorchDispatchMode):
    """Counts and notes every operation that runs inside the block.

    ``flops`` are those of matrix products and convolutions, forward and backward (a multiply and an add count as two).
    """

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0
        self.global_random: set[str] = set()
        self.synchronising: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func.name()
        if torch.Tag.nondeterministic_seeded in func.tags:
            self.global_random.add(name)
        if name.split(".")[0] in _SYNCHRONISES:
            self.synchronising.add(name)
        out = func(*args, **kwargs)
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.flops += int(count(*args, **kwargs, out_val=out))
        return out
