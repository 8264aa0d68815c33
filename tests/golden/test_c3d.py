"""C3D: golden 13a."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tests.kit import golden
from vidgen_bench.measure.instruments.c3d.network import C3D, Layout

CHAINER_AGAINST_TORCH = 1e-4
"""Values of size 2 to 15; the two libraries differ by 1.7e-5 (golden README, section 9)."""


ROUNDING_OF_PROB = 8e-6
"""20 times the 4e-7 that golden 13a states as its rounding noise; the libraries differ by 2e-6."""


# ------------------------------------------------------------------------------------------------------------ golden 13a
def test_golden_c3d(shared: Path) -> None:
    expected = golden.load(shared, "13a")
    network = C3D(Layout(width=64, hidden=4096, classes=101)).eval()
    assert sum(p.numel() for p in network.parameters()) == expected["param_count"]
    golden.fill(network, expected["state"])
    seen: dict[str, Tensor] = {}

    def keep(name: str, inputs: tuple[Tensor, ...], output: Any) -> None:
        seen.update({f"{name} in": inputs[0].clone(), name: output})

    for name, module in network.named_children():
        module.register_forward_hook(lambda _module, inputs, output, name=name: keep(name, inputs, output))
    i = np.arange(2 * 3 * 16 * 112 * 112, dtype=np.float64)
    clips = (100 * np.sin(0.013 * i + 0.5) + 20 * np.sin(0.00037 * i)).astype(np.float32).reshape(2, 3, 16, 112, 112)
    with torch.inference_mode():
        out = network(torch.from_numpy(clips))
    actual = {
        "pool1": seen["conv2a in"],
        "pool3": seen["conv4a in"],
        "conv4b": seen["conv4b"].relu(),
        "pool5": seen["fc6 in"].view(2, 512, 1, 4, 4),
        "fc6": seen["fc6"].relu(),
        "fc7": out["fc7"],
        "fc8": seen["fc8"],
        "prob": out["prob"],
    }
    for name, tensor in actual.items():
        golden.assert_fingerprint(
            tensor, expected[f"output_{name}"], atol=ROUNDING_OF_PROB if name == "prob" else CHAINER_AGAINST_TORCH
        )
