"""An instrument file built by hand that depends only on colour, clips that it classifies, and ways to spoil it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import torch
from torch import Tensor

from vidgen_bench.api import Batch
from vidgen_bench.measure.instruments.c3d.network import CONVOLUTIONS, Layout
from vidgen_bench.measure.instruments.c3d.readings import ALTERED
from vidgen_bench.measure.instruments.c3d.self_test import SelfTest
from vidgen_bench.measure.instruments.c3d.weights import Card, InstrumentFile

LAYOUT = Layout(width=1, hidden=2, classes=2)
MEAN = torch.tensor([60.0, 110.0, 170.0])
"""BGR. The videos are reddish, so the order of the mean's channels matters."""


def colour_meter() -> InstrumentFile:
    """Return a C3D that separates clips redder than the mean (class 0) from bluer ones (class 1).

    Only the centre of every kernel is nonzero. conv1a computes v = 4 + (red - blue) / 16, one channel passes it on, fc6 averages it
    and adds a constant 4 as a second entry, and fc8 compares the two: logits v - 4 and 4 - v.
    """
    weights = {name: torch.zeros(shape) for name, shape in LAYOUT.shapes.items()}
    for name in CONVOLUTIONS:
        weights[f"{name}.weight"][0, 0, 1, 1, 1] = 1.0
    weights["conv1a.weight"][0, :, 1, 1, 1] = torch.tensor([-1.0, 0.0, 1.0]) / 16
    weights["conv1a.bias"][0] = 4.0
    weights["fc6.weight"][0, :16] = 1 / 16
    weights["fc6.bias"][1] = 4.0
    weights["fc7.weight"] = torch.eye(2)
    weights["fc8.weight"] = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
    card = Card(width=LAYOUT.width, hidden=LAYOUT.hidden, classes=LAYOUT.classes)
    return InstrumentFile(card, weights, MEAN, "0" * 64)


def tinted(rows: int, seed: int = 0) -> Batch:
    """Return clips of 4 x 4 pixels that are redder (label 0) or bluer (label 1) than the mean by 15 to 35."""
    labels = torch.arange(rows) % 2
    generator = torch.Generator().manual_seed(seed)
    tint = (15 + 20 * torch.rand(rows, 1, generator=generator)) * torch.where(labels == 0, 1.0, -1.0).view(-1, 1)
    pixels = MEAN.flip(0) + tint * torch.tensor([1.0, 0.0, -1.0])
    return Batch(((pixels - 128) / 128).view(rows, 3, 1, 1, 1).expand(rows, 3, 16, 4, 4), labels)


def twenty() -> Iterator[Batch]:
    """Yield the same 20 clips in two batches at every call: ten wrong ones are just enough to try altered readings."""
    yield tinted(12)
    yield tinted(8, seed=1)


def quiet(what: str, done: int, total: int) -> None:
    """Discard a progress report."""


def spoiled(file: InstrumentFile, mean: Tensor | None = None, **weights: Tensor) -> InstrumentFile:
    named = {name.replace("_", "."): tensor for name, tensor in weights.items()}
    return dataclasses.replace(file, mean=file.mean if mean is None else mean, weights={**file.weights, **named})


def caught(result: SelfTest, name: str) -> None:
    """Assert that the first fault names this reading and its cause."""
    cause = next(r.cause for r in ALTERED if r.name == name)
    assert result.faults
    assert result.faults[0].startswith(f"Read with {name!r}, it classifies")
    assert cause in result.faults[0]
