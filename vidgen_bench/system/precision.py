"""Numerical precision of products: strict float32 or TF32, whatever PyTorch's global switches are.

By default, PyTorch lets cuDNN round the inputs of convolutions to TF32 (10 bits of mantissa); this module turns that off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

import torch

T = TypeVar("T")

_UNITS = {"cuda": ("matmul",), "cudnn": ("conv", "rnn"), "mkldnn": ("matmul", "conv", "rnn")}
"""{backend: operations} with a switch ``fp32_precision`` from torch 2.9 on."""


@contextmanager
def strictly(precision: Literal["float32", "tf32", "bf16"]) -> Iterator[None]:
    """Compute float32 products in float32 within the context, or in TF32 on a GPU under ``tf32``; restore the switches afterwards."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = _read(torch.get_float32_matmul_precision), _read(lambda: cudnn.allow_tf32)
    units = _units()
    each = [unit.fp32_precision for _, unit in units]
    # "highest" also keeps a CPU from rounding to bfloat16; it sets matmul.allow_tf32 as well
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    matmul.allow_tf32 = cudnn.allow_tf32 = precision == "tf32"
    for backend, unit in units:
        if precision != "tf32" or backend == "cudnn":
            # allow_tf32 = False leaves a unit to torch.backends.fp32_precision, which may say tf32
            unit.fp32_precision = "tf32" if precision == "tf32" else "ieee"
    try:
        yield
    finally:
        if before[0] is not None:
            torch.set_float32_matmul_precision(before[0])
        if before[1] is not None:
            cudnn.allow_tf32 = before[1]
        for (_, unit), was in zip(units, each, strict=True):
            unit.fp32_precision = was


def _units() -> list[tuple[str, Any]]:
    """Return each backend's objects with an ``fp32_precision`` switch in the installed torch."""
    if not hasattr(torch.backends, "fp32_precision"):
        return []
    return [(name, getattr(getattr(torch.backends, name), unit)) for name, units in _UNITS.items() for unit in units]


def _read(switch: Callable[[], T]) -> T | None:
    """Return the value of an older switch, or None if torch raises because the newer switches disagree."""
    try:
        return switch()
    except RuntimeError:
        return None
