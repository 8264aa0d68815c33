"""Observes the operations of the first iteration: floating-point operations, host synchronisations, global random numbers."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from vidgen_bench.errors import PluginError
from vidgen_bench.training.sync_warnings import gpu_waits

WAITS = "synchronises with the host: "
"""What a record's ``witness`` says before the name of an operation."""

_SYNCHRONISES = {
    "aten::_local_scalar_dense",
    "aten::is_nonzero",
    "aten::equal",
    "aten::nonzero",
    "aten::masked_select",
    "aten::_unique2",
    "aten::unique_dim",
    "aten::unique_consecutive",
}

_MASKS = (torch.bool, torch.uint8)


class Watch(TorchDispatchMode):
    """Observes every operation that runs inside the ``with`` block.

    ``flops`` counts matrix products and convolutions, forward and backward (a multiply and an add count as two).
    ``global_random`` names the operations that advanced one of torch's global generators; attention without dropout and draws
    from your own generator do not.
    """

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0
        self.global_random: set[str] = set()
        self.synchronising: set[str] = set()

    def __enter__(self) -> Watch:
        self._waits = ExitStack()
        self._waits.enter_context(gpu_waits(self.synchronising))
        super().__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._waits.close()

    @property
    def witness(self) -> list[str]:
        """What the record says about the operations that wait for the device."""
        return [f"{WAITS}{name}" for name in sorted(self.synchronising)]

    def require_own_noise(self) -> None:
        """Check that nothing drew global random numbers, which would break resuming.

        Raises:
            PluginError: a loss did.
        """
        if self.global_random:
            raise PluginError(
                f"a loss uses torch's global random numbers ({', '.join(sorted(self.global_random))}), so a resumed run would differ. "
                "Draw every random number from the noise argument of the loss."
            )

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func.name()
        if _synchronises(name.split(".")[0], args):
            self.synchronising.add(name)
        may_draw = torch.Tag.nondeterministic_seeded in func.tags  # "may": attention has this tag even without dropout
        before = _generators() if may_draw else None
        out = func(*args, **kwargs)
        if may_draw and (before != _generators() or _unobservable((args, kwargs, out))):
            self.global_random.add(name)
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.flops += int(count(*args, **kwargs, out_val=out))
        return out


def _synchronises(name: str, args: Any) -> bool:
    """Return whether an operation waits for the device; indexing does if a mask determines the size of the result."""
    if name == "aten::index":
        return any(index is not None and index.dtype in _MASKS for index in args[1])
    return name in _SYNCHRONISES


def _generators() -> tuple[bytes, ...]:
    """Return the states of torch's global generators; those of CUDA (seed and offset) are kept on the host."""
    states = [torch.get_rng_state()]
    if torch.cuda.is_initialized():
        states += [generator.get_state() for generator in torch.cuda.default_generators]
    return tuple(state.numpy().tobytes() for state in states)


def _unobservable(values: Any) -> bool:
    """Return whether an operation without its own generator ran on a device whose global generator cannot be read."""
    found = tree_leaves(values)
    if any(isinstance(value, torch.Generator) for value in found):
        return False
    return any(isinstance(value, Tensor) and value.device.type not in ("cpu", "cuda", "meta") for value in found)
