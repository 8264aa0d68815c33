"""Recurrent temporal generators against the reference's outputs: MoCoGAN's GRU, TGANv2's convolutional LSTM."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import nn
from vidgen_temporal.recurrent import vidgen_temporal

from tests.kit import golden
from vidgen_bench.api import Clip, LatentSpec
from vidgen_bench.noise import GivenNoise

GRID = Clip(frames=16, size=64, classes=101).grid
MOCOGAN = LatentSpec((16,), 16, 16, 16, "normal", embedding=(64,))
MAPS = LatentSpec((8, 3, 3), 16, 72, 72, "uniform", init="xavier-sqrt2")


def built(name: str, spec: LatentSpec) -> nn.Module:
    (declaration,) = (d for d in vidgen_temporal() if d.name == name)
    options = declaration.options()
    assert declaration.refuses(spec, options) is None
    return declaration.build(spec, options)


def test_08_gru_trajectory(shared: Path) -> None:
    case = golden.load(shared, "08")
    gru = built("gru", MOCOGAN)
    golden.fill(gru, [e for e in case["state"] if e["name"].startswith("recurrent.")])
    # slot 0 is h_0, slots 1 .. 16 are the inputs: [17, N, 16]
    noise = (math.sqrt(2.0) * golden.latent(17, 3, 16).double()).float()
    with torch.no_grad():
        path = gru(noise[0], GRID, GivenNoise({"drive": noise[1:].transpose(0, 1)}))
    golden.assert_fingerprint(path, case["output_gru_trajectory"])


@pytest.fixture(scope="module")
def convlstm(shared: Path) -> tuple[dict, nn.Module]:
    """The cell with the pattern weights behind an identity in place of the Lift: the case starts from a map."""
    case = golden.load(shared, "11a")
    module = built("convlstm", MAPS)
    module.lift = nn.Unflatten(1, MAPS.shape)
    golden.fill(module, case["state"])
    assert sum(p.numel() for p in module.parameters()) == case["param_count"]
    return case, module


def test_11a_sequence(convlstm: tuple[dict, nn.Module]) -> None:
    case, module = convlstm
    with torch.no_grad():
        path = module(golden.latent(2, 8, 3, 3).flatten(1), GRID, GivenNoise({}))
    golden.assert_fingerprint(path, case["output_sequence"])
    golden.assert_fingerprint(path[:, 0], case["output_step1_h"])
    golden.assert_fingerprint(path[:, 1], case["output_step2_h"])


def test_11a_memory_of_the_first_two_steps(convlstm: tuple[dict, nn.Module]) -> None:
    case, module = convlstm
    (cell,) = module.cells
    with torch.no_grad():
        first = cell(golden.latent(2, 8, 3, 3))
        second = cell(None, first)
    for step, (h, c) in (("step1", first), ("step2", second)):
        golden.assert_fingerprint(h, case[f"output_{step}_h"])
        golden.assert_fingerprint(c, case[f"output_{step}_c"])
