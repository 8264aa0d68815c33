"""The context of an instrument's forward pass; its products are strict float32 unless the protocol sets another precision."""

from __future__ import annotations

import torch

from vidgen_bench.config.protocol import Precision


def instrument_context(precision: Precision, device: torch.device) -> torch.autocast:
    """Return the context for an instrument's forward pass: bfloat16 autocast under ``bf16``, otherwise no autocast."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")
