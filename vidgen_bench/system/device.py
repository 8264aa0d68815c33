"""The choice of the device that a run computes on."""

from __future__ import annotations

import os

import torch

from vidgen_bench.errors import RequestError


def free_memory(device: torch.device) -> int:
    """Return the free bytes of a GPU's memory, including those that torch has reserved but not allocated.

    What is reserved for CUDA graphs is not free: they write to it at every replay, though it counts as not allocated.
    """
    index = torch.cuda.current_device() if device.index is None else device.index
    kept = sum(
        segment["total_size"] - segment["allocated_size"]
        for segment in torch.cuda.memory_snapshot()
        if segment["device"] == index and tuple(segment["segment_pool_id"]) == (0, 0)
    )
    return torch.cuda.mem_get_info(device)[0] + kept


def choose_device(name: str) -> torch.device:
    """Return the device with this name; ``auto`` is a GPU if there is one, else the CPU.

    Raises:
        RequestError: this machine has no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        if device.type == "cuda" and not torch.cuda.is_available():
            raise RuntimeError("PyTorch sees no NVIDIA GPU")
        if device.type == "cuda":
            # torchrun gives each process on a machine its own GPU
            index = device.index if device.index is not None else int(os.environ.get("LOCAL_RANK", "0"))
            device = torch.device("cuda", index)
            torch.cuda.set_device(device)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        valid = "auto, cpu, cuda, cuda:N" if torch.cuda.is_available() else "auto, cpu"
        raise RequestError(f"--device {name}: {reason}. Valid on this machine: {valid}.") from None
    return device
