"""Precision: nothing is rounded that was not asked for, and the global switches come back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from vidgen_bench.measure.precision import instrument_context
from vidgen_bench.system.precision import strictly

CPU = torch.device("cpu")
NEWER = hasattr(torch.backends, "fp32_precision")
"""Whether each unit has a switch of its own."""


def older() -> tuple[object, ...]:
    backends = torch.backends
    return torch.get_float32_matmul_precision(), backends.cudnn.allow_tf32, backends.cuda.matmul.allow_tf32


def newer() -> list[str]:
    b = torch.backends
    units = (b.cuda.matmul, b.cudnn.conv, b.cudnn.rnn, b.mkldnn.matmul, b.mkldnn.conv, b.mkldnn.rnn)
    return [u.fp32_precision for u in units]


@pytest.fixture
def restored() -> Iterator[None]:
    """Put the switches back as they are in a fresh process."""
    yield
    if NEWER:
        torch.backends.fp32_precision = "none"
        for unit in (torch.backends.mkldnn.conv, torch.backends.mkldnn.rnn):
            unit.fp32_precision = "none"
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = True


@pytest.mark.parametrize("mine", [("highest", True), ("high", True), ("medium", False)])
@pytest.mark.parametrize(
    ("precision", "inside"),
    [("float32", ("highest", False, False)), ("tf32", ("high", True, True)), ("bf16", ("highest", False, False))],
)
def test_switches_are_set_and_come_back(restored: None, mine, precision, inside) -> None:
    torch.set_float32_matmul_precision(mine[0])
    torch.backends.cudnn.allow_tf32 = mine[1]
    before = older()
    with strictly(precision):
        assert older() == inside
    assert older() == before
    with pytest.raises(ValueError, match="mine"), strictly(precision):
        raise ValueError("mine")
    assert older() == before


def test_contexts_nest(restored: None) -> None:
    with strictly("tf32"):
        with strictly("float32"):
            assert older() == ("highest", False, False)
        assert older() == ("high", True, True)


@pytest.mark.skipif(not NEWER, reason="this torch has no switch for each unit")
@pytest.mark.parametrize("unit", ["", "cuda.matmul", "cudnn.conv", "mkldnn.matmul", "mkldnn.conv"])
def test_whoever_uses_the_newer_switches_gets_them_back_and_is_measured_strictly(restored: None, unit: str) -> None:
    place = torch.backends
    for part in filter(None, unit.split(".")):
        place = getattr(place, part)
    place.fp32_precision = "ieee" if unit == "cudnn.conv" else "bf16" if unit == "mkldnn.conv" else "tf32"
    before = newer()
    with strictly("float32"):
        assert set(newer()) == {"ieee"}
        assert older() == ("highest", False, False)
    assert newer() == before


def test_bf16_is_autocast_and_nothing_else_is() -> None:
    convolution, x = torch.nn.Conv3d(3, 4, 3), torch.randn(2, 3, 4, 8, 8)
    for precision, dtype in (("float32", torch.float32), ("tf32", torch.float32), ("bf16", torch.bfloat16)):
        with torch.no_grad(), instrument_context(precision, CPU):
            assert convolution(x).dtype == dtype
