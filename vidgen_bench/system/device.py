"""Which device a run computes on."""

from __future__ import annotations

import os

import torch

from vidgen_bench.errors import RequestError


def free_memory(device: torch.device) -> int:
    """Return the bytes of a GPU's memory that are free, those that torch keeps for later use among them."""
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return torch.cuda.mem_get_info(device)[0] + kept


def choose_device(name: str) -> torch.device:
    """Return the device of a name; ``auto`` is a GPU where there is one.

    Raises:
        RequestError: no such device here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        if device.type == "cuda" and not torch.cuda.is_available():
            raise RuntimeError("PyTorch sees no NVIDIA GPU")
        if device.type == "cuda":
            # torchrun gives each process of a machine a GPU of its own
            index = device.index if device.index is not None else int(os.environ.get("LOCAL_RANK", "0"))
            device = torch.device("cuda", index)
            torch.cuda.set_device(device)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        valid = "auto, cpu, cuda, cuda:N" if torch.cuda.is_available() else "auto, cpu"
        raise RequestError(f"--device {name}: {reason}. Valid here: {valid}.") from None
    return device
