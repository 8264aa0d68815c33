"""TGANv2's generators against the reference's outputs: with the ConvLSTM, whole and subsampled, and with the ODE."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from vidgen_backbones.tganv2.generator import Generator
from vidgen_backbones.tganv2.sizes import LATENT, stages

from tests.kit import golden
from vidgen_bench.api import Clip, LatentSpec, Temporal
from vidgen_bench.host.host import Host
from vidgen_bench.latent import count
from vidgen_bench.noise import GivenNoise, Noise

CLIP = Clip(frames=16, size=192, classes=101)
SPEC = LatentSpec((32, 3, 3), CLIP.frames, LATENT, LATENT, "uniform", init="xavier-sqrt2")
STAGES = [(32, 32, 16, 16), (16, 16), (16, 8), (8, 8)]
"""Tempc 32, upchannels [32, 16, 16], subchannels [16, 8, 8] of the reference's constructor."""


def of_reference(generator: Generator) -> list[str]:
    """Our names in the reference's order: the temporal generator, then each level's blocks before its head."""

    def place(name: str) -> tuple[int, bool]:
        found = re.match(r"(stages|heads)\.(\d+)\.", name)
        return (int(found[2]), found[1] == "heads") if found else (-1, False)

    return sorted((n for n, t in generator.state_dict().items() if t.is_floating_point()), key=place)


def filled(case: dict[str, Any], name: str) -> Generator:
    declaration: Temporal = Host.of_environment().find("temporal", name).declaration
    options = declaration.options(**declaration.sets)
    assert declaration.refuses(SPEC, options) is None
    generator = Generator(declaration.build(SPEC, options), STAGES, 3, 4)
    assert count(generator) == case["param_count"]
    golden.fill(generator, case["state"], of_reference(generator))
    return generator


def given(case: dict[str, Any]) -> Noise:
    offsets = case["subsample_offsets"]["drawn"]
    table = {f"fake-frames-{level}": torch.tensor(r) for level, r in enumerate(offsets, start=1)}
    return cast(Noise, GivenNoise(table))


def test_11b_every_frame(shared: Path) -> None:
    case = golden.load(shared, "11b")
    generator = filled(case, "convlstm").eval()
    with torch.no_grad():
        clips = generator(golden.latent(2, LATENT), CLIP.grid, given(case))
    golden.assert_fingerprint(clips, case["output_test_eval"])


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_11b_subsampled_levels(shared: Path, mode: str) -> None:
    case = golden.load(shared, "11b")
    generator = filled(case, "convlstm").train(mode == "train")
    with torch.no_grad():
        levels = generator.pyramid(golden.latent(2, LATENT), CLIP.grid, given(case))
    assert len(levels) == 4
    for level, clips in enumerate(levels, start=1):
        golden.assert_fingerprint(clips.transpose(1, 2), case[f"output_multiscale_{mode}_bn_x{level}"])


def test_11c_every_frame_with_the_ode(shared: Path) -> None:
    case = golden.load(shared, "11c")
    generator = filled(case, "ode1").eval()
    with torch.no_grad():
        clips = generator(golden.latent(2, LATENT), CLIP.grid, cast(Noise, GivenNoise({})))
    golden.assert_fingerprint(clips, case["output_test_eval"])


def test_the_published_channels() -> None:
    assert stages(6, 4, 1.0) == [(1024, 512, 256, 128), (128, 64), (64, 32), (32, 32)]
