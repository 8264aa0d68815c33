"""Singular value clipping: golden 12."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from vidgen_backbones.tgan.svc import clipped, clipped_by_products, clipped_scale

from tests.kit import golden


@pytest.mark.parametrize(
    ("number", "clip"),
    [
        *((n, clipped) for n in range(8)),
        *(pytest.param(n, clipped_by_products, marks=pytest.mark.slow if n in (2, 3, 6) else ()) for n in range(8)),
    ],
)
def test_12_clipped_weights(shared: Path, number: int, clip: Callable[[Tensor], Tensor]) -> None:
    golden_file = golden.load(shared, "12")
    case = golden_file["cases"][number]
    entry = next(e for e in golden_file["state_subset"] if e["name"] == case["name"])
    weight = golden.tensor_of(entry)
    if "prescale" in case:
        weight = (weight.double() * float(case["prescale"].split()[0])).float()
    matrix = weight.flatten(1)
    before = torch.linalg.eigvalsh(matrix.double() @ matrix.double().T).flip(0).sqrt()
    golden.assert_fingerprint(before, case["sv_before"])
    assert int((before > 1).sum()) == case["n_singular_values_above_1"]
    after = clip(matrix)
    golden.assert_fingerprint(after.view_as(weight), case["after"])
    assert torch.linalg.matrix_norm(after.double(), 2).item() <= 1 + 1e-6


def test_12_batch_norm_scale(shared: Path) -> None:
    case = golden.load(shared, "12")["bn_gamma_rule"]
    j = np.arange(32)
    gamma = torch.from_numpy(1.5 * np.sin(0.9 * j + 0.3)).float()
    variance = torch.from_numpy(0.05 + np.sin(0.31 * j) ** 2).float()
    np.testing.assert_allclose(gamma, case["gamma_before"], atol=1e-6)
    np.testing.assert_allclose(clipped_scale(gamma, variance), case["gamma_after"], atol=1e-6)
