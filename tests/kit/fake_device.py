"""A device without numbers, torch's ``meta``: it shows every point where the host would wait for a real one.

Reading a number fails by itself: ``item()``, ``bool()``, ``tolist()``, ``.cpu()``, ``nonzero``, a mask that determines a shape. Copies
from the host and decompositions, which a GPU also waits for, are refused by :class:`Unattended`.
"""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from importlib import import_module
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from vidgen_bench.data import placed_frames
from vidgen_bench.training import optimisers

DEVICE = torch.device("meta")

_FROM_VALUES = (torch.tensor, torch.as_tensor, torch.asarray, torch.from_numpy, Tensor.new_tensor)
_INDEXING = (Tensor.__getitem__, Tensor.__setitem__)


class Waits(AssertionError):
    """The host would wait for the device here."""


class Unattended:
    """Inside the block, an operation that makes the host wait for the fake device raises ``Waits`` or torch's own error."""

    def __enter__(self) -> Unattended:
        self._stack = ExitStack()
        self._stack.enter_context(_Operators())
        self._stack.enter_context(_Calls())
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()


class _Operators(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = [v for v in tree_leaves((args, kwargs)) if isinstance(v, Tensor)]
        name, on_device = func.name(), any(v.device == DEVICE for v in given)
        if on_device and "linalg_" in name and "norm" not in name:
            raise Waits(f"{name}: a decomposition")
        out = func(*args, **(kwargs or {}))
        made = [v for v in tree_leaves(out) if isinstance(v, Tensor)]
        # a scalar on the host is an argument of the kernel, unless it is copied
        host = [v for v in given if v.device != DEVICE and (v.ndim or "copy" in name)]
        if host and any(v.device == DEVICE for v in (*given, *made)):
            raise Waits(f"{name}: a copy of {[tuple(v.shape) for v in host]} from the host")
        return out


class _Calls(TorchFunctionMode):
    """The copies that torch makes before any operator runs."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if func in _FROM_VALUES and out.device == DEVICE:
            raise Waits(f"{func.__name__}: a copy of values from the host")
        if func in _INDEXING and args[0].device == DEVICE:
            parts = args[1] if isinstance(args[1], tuple) else (args[1],)
            if any(isinstance(part, list) for part in parts):
                raise Waits("an index that is a list: a copy from the host")
        return out


def use_as_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the fake device hold the frames of stores, and let optimisers be capturable and work on all tensors at once on it.

    Autocast, which torch refuses there, does nothing.
    """
    monkeypatch.setattr(torch, "autocast", lambda *args, **kwargs: nullcontext())
    monkeypatch.setattr(
        placed_frames, "placed", lambda store, device: torch.empty(store.frames.shape, dtype=torch.uint8, device=device)
    )
    monkeypatch.setattr(optimisers, "DEVICES", ("meta",))
    for name in ("adam", "rmsprop"):
        module = import_module(f"torch.optim.{name}")
        monkeypatch.setattr(module, "_get_capturable_supported_devices", lambda supports_xla=True: ["meta"])
    module = import_module("torch.optim.optimizer")
    monkeypatch.setattr(module, "_get_foreach_kernels_supported_devices", lambda: ["meta"])
