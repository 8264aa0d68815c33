"""Free memory of a GPU: what torch keeps for later counts, what CUDA graphs use does not."""

from __future__ import annotations

import pytest
import torch

from vidgen_bench.system.device import free_memory


def test_memory_of_graphs_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    segments = [
        {"device": 1, "total_size": 100, "allocated_size": 30, "segment_pool_id": (0, 0)},
        {"device": 1, "total_size": 1000, "allocated_size": 0, "segment_pool_id": (0, 1)},
        {"device": 0, "total_size": 5000, "allocated_size": 0, "segment_pool_id": (0, 0)},
    ]
    monkeypatch.setattr(torch.cuda, "memory_snapshot", lambda: segments)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (7, 10_000))
    assert free_memory(torch.device("cuda", 1)) == 7 + 70
