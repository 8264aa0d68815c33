"""The weights of every first-party backbone's convolutions lie as its maps do; a temporal generator's are left to it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.kit.pairs import HOST
from vidgen_bench.compose.composition import compose
from vidgen_bench.config.track import load_track

OF_MAPS = {4: torch.channels_last, 5: torch.channels_last_3d}


def laid_out(network: nn.Module) -> dict[str, bool]:
    """Whether each convolution's weight has its channels last; one of a single row and column lies both ways."""
    convolutions = {
        name: layer.weight
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Conv3d | nn.ConvTranspose2d | nn.ConvTranspose3d)
    }
    return {name: w.is_contiguous(memory_format=OF_MAPS[w.ndim]) for name, w in convolutions.items()}


@pytest.mark.parametrize("spec", ["tgan", "tgan-f", "mocogan", "vgan", "tganv2", "dvd-gan", "moflowgan", "vdm-small"])
def test_convolutions_need_no_other_layout_in_a_step(spec: str) -> None:
    game = compose(spec, load_track("shapes-smoke"), {}, HOST).build(0)
    for name, part in game.parts.items():
        layers = {k: v for k, v in laid_out(part).items() if "temporal" not in k.split(".")}
        assert layers or name == "labels"
        assert all(layers.values()), (name, layers)
