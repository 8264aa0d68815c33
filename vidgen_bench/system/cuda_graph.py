"""A piece of work on a GPU, recorded once and then started with a single launch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

T = TypeVar("T")


class CudaGraph:
    """A CUDA graph with a stream of its own.

    Libraries keep workspaces per stream, so graphs that share a stream would share memory that one of them may free.
    """

    def __init__(self, device: torch.device) -> None:
        self._device, self._graph, self._stream = device, torch.cuda.CUDAGraph(), torch.cuda.Stream(device)

    def warm_up(self, work: Callable[[], T]) -> T:
        """Do the work on the graph's stream, without recording it, and return its result."""
        current = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            result = work()
        current.wait_stream(self._stream)
        return result

    def capture(self, work: Callable[[], T]) -> T:
        """Record the work; nothing is computed. Every :meth:`replay` fills the tensors of the result."""
        # other threads may allocate or copy meanwhile
        with torch.cuda.graph(self._graph, stream=self._stream, capture_error_mode="thread_local"):
            return work()

    def replay(self) -> None:
        """Do the recorded work on the current stream."""
        self._graph.replay()
