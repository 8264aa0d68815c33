"""Reads in a thread what is needed next, while the device computes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

Work = Callable[[], Tensor]


class ReadAhead:
    """Frames that are read one batch ahead for each stream of batches."""

    def __init__(self, device: torch.device) -> None:
        # page-locked memory belongs to a GPU; without its number a thread would take the first one
        self._begin = (lambda: torch.cuda.set_device(device)) if device.type == "cuda" else None
        self._thread: ThreadPoolExecutor | None = None
        self._waiting: dict[Hashable, tuple[int, Future[Tensor]]] = {}

    def take(self, stream: Hashable, position: int, read: Work, following: Work) -> Tensor:
        """Return what ``read`` returns, from the thread if this position was read ahead; then start the ``following`` one.

        Raises:
            VidgenBenchError: from ``read``, or from the thread.
        """
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "clips", initializer=self._begin)
        ahead, future = self._waiting.pop(stream, (None, None))
        taken = future.result() if future is not None and ahead == position else read()
        self._waiting[stream] = (position + 1, self._thread.submit(following))
        return taken
