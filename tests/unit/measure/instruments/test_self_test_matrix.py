"""Every spoiled file that the self-test recognises, on a network that depends on all of them; training it takes a minute."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.kit.spoiled_files import MEAN, caught, quiet, spoiled
from vidgen_bench.api import Batch
from vidgen_bench.measure.instruments.c3d.network import CONVOLUTIONS, Layout
from vidgen_bench.measure.instruments.c3d.normalised import NormalisedC3D
from vidgen_bench.measure.instruments.c3d.preprocessing import TganPreprocessing
from vidgen_bench.measure.instruments.c3d.self_test import self_test
from vidgen_bench.measure.instruments.c3d.weights import Card, InstrumentFile

pytestmark = pytest.mark.slow

LAYOUT = Layout(width=2, hidden=32, classes=4)


def drawn(seed: int, rows: int) -> Batch:
    """Return clips of four classes: a ramp that rises or falls to the right, redder or bluer than the mean; 16 x 16 pixels."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(rows) % 4
    phase = torch.rand(rows, 1, 1, 1, generator=generator)
    t, _, x = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), torch.arange(16.0), indexing="ij")
    ramp = 2 * ((x / 8 + t / 50 + phase) % 1) - 1
    ramp = 30 * ramp * torch.where(labels % 2 == 0, 1.0, -1.0).view(-1, 1, 1, 1)
    tint = torch.where((labels // 2).view(-1, 1) == 0, 1.0, -1.0) * torch.tensor([[25.0, 0.0, -25.0]])
    pixels = MEAN.flip(0).view(1, 3, 1, 1, 1) + ramp[:, None] + tint.view(rows, 3, 1, 1, 1)
    pixels = pixels + 4 * torch.randn(pixels.shape, generator=generator)
    return Batch((pixels - 128) / 128, labels)


def held_out() -> Iterator[Batch]:
    """Yield 32 clips in two batches, the same at every call: every spoiled file errs on more than ten of them."""
    yield from (drawn(1000 + k, 16) for k in range(2))


@pytest.fixture(scope="module")
def sound() -> InstrumentFile:
    """An instrument that classifies these clips correctly."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network, preprocessing = NormalisedC3D(LAYOUT, dropout=0.0), TganPreprocessing(MEAN)
        optimiser = torch.optim.AdamW(network.parameters(), lr=4e-3)
        for step in range(60):
            batch = drawn(step, 8)
            loss = F.cross_entropy(network(preprocessing(batch.clips)), batch.labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    torch.set_num_threads(threads)
    card = Card(width=LAYOUT.width, hidden=LAYOUT.hidden, classes=LAYOUT.classes)
    return InstrumentFile(card, network.folded(), MEAN, "0" * 64)


def every_kernel(file: InstrumentFile, change: Callable[[Tensor], Tensor]) -> Mapping[str, Tensor]:
    return {f"{n}_weight": change(file.weights[f"{n}.weight"]).contiguous() for n in CONVOLUTIONS}


SPOILED: Mapping[str, Callable[[InstrumentFile], InstrumentFile]] = {
    "mean reversed": lambda f: spoiled(f, mean=f.mean.flip(0)),
    "weights in RGB": lambda f: spoiled(f, conv1a_weight=f.weights["conv1a.weight"].flip(1)),
    "weights and mean in RGB": lambda f: spoiled(f, f.mean.flip(0), conv1a_weight=f.weights["conv1a.weight"].flip(1)),
    "mean of these clips": lambda f: spoiled(f, mean=torch.zeros(3)),
    "input of size one": lambda f: spoiled(f, conv1a_weight=128 * f.weights["conv1a.weight"]),
    "kernels as H, W, T": lambda f: spoiled(f, **every_kernel(f, lambda w: w.permute(0, 1, 3, 4, 2))),
    "kernels mirrored": lambda f: spoiled(f, **every_kernel(f, lambda w: w.flip(2, 3, 4))),
    "fc7 transposed": lambda f: spoiled(f, fc7_weight=f.weights["fc7.weight"].T),
    "fc6 reads H, W, C": lambda f: spoiled(
        f, fc6_weight=f.weights["fc6.weight"].view(32, 16, 4, 4).permute(0, 2, 3, 1).reshape(32, -1)
    ),
}


@pytest.mark.parametrize("name", ["sound", *SPOILED])
def test_a_spoiled_file_is_caught_with_its_cause(sound: InstrumentFile, name: str) -> None:
    result = self_test(SPOILED.get(name, lambda f: f)(sound), held_out, True, quiet)
    if name == "sound":
        assert result.faults == ()
    else:
        caught(result, name)


def test_a_mean_scaled_to_one_is_caught(sound: InstrumentFile) -> None:
    caught(self_test(dataclasses.replace(sound, mean=sound.mean / 255), held_out, True, quiet), "mean of these clips")
