"""How exactly numbers are measured: strict float32 unless a protocol says otherwise, whatever the global switches are.

PyTorch lets cuDNN round the inputs of convolutions to TF32 (10 bits) by default; here nothing is rounded that was not asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch

from vidgen_bench.config.protocol import Precision

T = TypeVar("T")

_UNITS = (
    ("cuda", "matmul"),
    ("cudnn", "conv"),
    ("cudnn", "rnn"),
    ("mkldnn", "matmul"),
    ("mkldnn", "conv"),
    ("mkldnn", "rnn"),
)
"""What has a switch ``fp32_precision`` of its own from torch 2.9 on."""


@contextmanager
def strictly(precision: Precision) -> Iterator[None]:
    """Within the context, float32 products are float32; under ``tf32`` a GPU may use TF32. The switches come back afterwards."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = _read(torch.get_float32_matmul_precision), _read(lambda: cudnn.allow_tf32)
    units = _units()
    each = [unit.fp32_precision for unit in units.values()]
    # "highest" also keeps a CPU from rounding to bfloat16; it sets matmul.allow_tf32 alike
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    matmul.allow_tf32 = cudnn.allow_tf32 = precision == "tf32"
    for (device, _), unit in units.items():
        if precision != "tf32" or device == "cudnn":
            # allow_tf32 = False leaves a unit to torch.backends.fp32_precision, which may say tf32
            unit.fp32_precision = "tf32" if precision == "tf32" else "ieee"
    try:
        yield
    finally:
        if before[0] is not None:
            torch.set_float32_matmul_precision(before[0])
        if before[1] is not None:
            cudnn.allow_tf32 = before[1]
        for unit, was in zip(units.values(), each, strict=True):
            unit.fp32_precision = was


def instrument_context(precision: Precision, device: torch.device) -> torch.autocast:
    """Return the context of an instrument's forward: bfloat16 under ``bf16``, else nothing."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")


def _units() -> dict[tuple[str, str], Any]:
    """Return what has a switch of its own in this torch."""
    if not hasattr(torch.backends, "fp32_precision"):
        return {}
    return {(device, unit): getattr(getattr(torch.backends, device), unit) for device, unit in _UNITS}


def _read(switch: Callable[[], T]) -> T | None:
    """Return an older switch, or None where someone has set the newer ones so that it has no one answer: torch then raises."""
    try:
        return switch()
    except RuntimeError:
        return None
