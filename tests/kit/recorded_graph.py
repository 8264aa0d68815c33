"""A graph that behaves as a CUDA graph does, on a CPU: capturing computes nothing, and replays repeat the operators on the same memory.

Numbers of Python are frozen into it, memory that was replaced is not seen, and a read by the host is refused while capturing.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from vidgen_bench.training import iteration, optimisers
from vidgen_bench.training.captured_turn import SWITCH

READS = ("aten::_local_scalar_dense", "aten::nonzero", "aten::is_nonzero")


class RecordedGraph:
    """Records the operators of a piece of work; its warm-ups, captures and replays are counted."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, Any, Any, Any]] = []
        self.warmed, self.captured, self.replayed = 0, 0, 0

    def warm_up(self, work: Callable[[], Any]) -> Any:
        self.warmed += 1
        return work()

    def capture(self, work: Callable[[], Any]) -> Any:
        self.captured += 1
        recorder = _Recorder(self.calls)
        with recorder:
            result = work()
        recorder.restore()
        return result

    @torch.no_grad()
    def replay(self) -> None:
        self.replayed += 1
        for func, args, kwargs, out in self.calls:
            for kept, new in zip(_tensors(out), _tensors(func(*args, **kwargs)), strict=True):
                if _memory(kept) != _memory(new):  # else it is a view, or was changed in place
                    kept.copy_(new)


def record_graphs(monkeypatch: pytest.MonkeyPatch) -> list[RecordedGraph]:
    """Let a CPU have graphs and optimisers that can be captured; return the list of the graphs that are made from now on."""
    made: list[RecordedGraph] = []

    def make(device: torch.device) -> RecordedGraph:
        made.append(RecordedGraph())
        return made[-1]

    monkeypatch.delenv(SWITCH, raising=False)
    monkeypatch.setitem(iteration.GRAPHS, "cpu", make)
    monkeypatch.setattr(optimisers, "DEVICES", ("cpu",))
    for name in ("adam", "rmsprop"):
        module = import_module(f"torch.optim.{name}")
        monkeypatch.setattr(module, "_get_capturable_supported_devices", lambda supports_xla=True: ["cpu"])
    # one tensor at a time, RMSprop reads the rate on the host
    module = import_module("torch.optim.optimizer")
    monkeypatch.setattr(module, "_get_foreach_kernels_supported_devices", lambda: ["cpu"])
    return made


class _Recorder(TorchDispatchMode):
    def __init__(self, calls: list[tuple[Any, Any, Any, Any]]) -> None:
        super().__init__()
        self._calls, self._made = calls, set[int]()
        self._before: dict[int, tuple[Any, Any]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func.name() in READS:
            raise RuntimeError("operation not permitted when stream is capturing")
        for tensor in _tensors((args, kwargs)):
            if (memory := _memory(tensor)) not in self._made and memory not in self._before:
                self._before[memory] = (tensor.untyped_storage(), tensor.untyped_storage().clone())
        out = func(*args, **kwargs)
        self._made |= {_memory(t) for t in _tensors(out)} - self._before.keys()
        self._calls.append((func, args, kwargs, out))
        return out

    def restore(self) -> None:
        """Undo what the work has changed, as nothing is computed while capturing."""
        for storage, before in self._before.values():
            storage.copy_(before)


def _tensors(values: Any) -> list[Tensor]:
    return [v for v in tree_leaves(values) if isinstance(v, Tensor)]


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
