"""Reads of a tensor by the host, which are free on the CPU but wait for a device."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

_READS = {
    Tensor.tolist: "Tensor.tolist",
    Tensor.cpu: "Tensor.cpu",
    Tensor.numpy: "Tensor.numpy",
    Tensor.__array__: "numpy.asarray",
    Tensor.__dlpack__: "Tensor.__dlpack__",
}


class HostReads(TorchFunctionMode):
    """Records host reads by name inside the block. On the CPU they call no operator, so only Python sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in _READS:
            self.found.add(_READS[func])
        # x.to(y.device) passes a torch.device; a string is hard-coded
        elif func is Tensor.to and "cpu" in [v for v in (*args[1:], *kwargs.values()) if isinstance(v, str)]:
            self.found.add('Tensor.to("cpu")')
        return func(*args, **kwargs)
