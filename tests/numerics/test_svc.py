"""Singular value clipping: golden 12, the textbook decomposition, and the rule for batch normalisations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from vidgen_backbones.tgan.discriminator import Discriminator
from vidgen_backbones.tgan.svc import clip_discriminator, clipped, clipped_scale

from tests import golden


@pytest.mark.parametrize("number", range(8))
def test_12_clipped_weights(shared: Path, number: int) -> None:
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
    after = clipped(matrix)
    golden.assert_fingerprint(after.view_as(weight), case["after"])
    assert torch.linalg.matrix_norm(after.double(), 2).item() <= 1 + 1e-6


def test_12_batch_norm_scale(shared: Path) -> None:
    case = golden.load(shared, "12")["bn_gamma_rule"]
    j = np.arange(32)
    gamma = torch.from_numpy(1.5 * np.sin(0.9 * j + 0.3)).float()
    variance = torch.from_numpy(0.05 + np.sin(0.31 * j) ** 2).float()
    np.testing.assert_allclose(gamma, case["gamma_before"], atol=1e-6)
    np.testing.assert_allclose(clipped_scale(gamma, variance), case["gamma_after"], atol=1e-6)


@pytest.mark.parametrize("shape", [(7, 30), (30, 7), (12, 12), (1, 9)])
def test_equals_the_textbook_decomposition(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    u, s, v = torch.linalg.svd(matrix, full_matrices=False)
    assert s.max() > 1
    torch.testing.assert_close(clipped(matrix), (u * s.clamp(max=1)) @ v, atol=1e-12, rtol=0)


def test_a_large_spectrum_does_not_blur_the_values_near_one() -> None:
    generator = torch.Generator().manual_seed(2)
    u = torch.linalg.qr(torch.randn(8, 8, generator=generator, dtype=torch.float64))[0]
    v = torch.linalg.qr(torch.randn(40, 8, generator=generator, dtype=torch.float64))[0]
    s = torch.tensor([300.0, 50.0, 1.5, 1.01, 0.99, 0.5, 0.1, 0.01], dtype=torch.float64)
    after = torch.linalg.svdvals(clipped(((u * s) @ v.T).float()).double())
    torch.testing.assert_close(after, s.clamp(max=1), atol=3e-5, rtol=0)


def test_a_spectrum_below_one_is_left_bit_for_bit() -> None:
    matrix = torch.randn(6, 50, generator=torch.Generator().manual_seed(3)) * 0.01
    assert torch.equal(clipped(matrix), matrix)


def test_every_convolution_and_scale_of_a_discriminator_is_clipped_and_nothing_else() -> None:
    torch.manual_seed(4)
    critic = Discriminator(frames=8, size=32, channels=3, width=0.125)
    for parameter in critic.parameters():
        nn.init.normal_(parameter, std=3.0)
    biases = {n: p.clone() for n, p in critic.named_parameters() if n.endswith("bias")}
    clip_discriminator(critic)
    convolutions = [m for m in critic.modules() if isinstance(m, nn.Conv2d | nn.Conv3d)]
    norms = [m for m in critic.modules() if isinstance(m, nn.BatchNorm3d)]
    assert len(convolutions) == 4
    assert len(norms) == 2
    for convolution in convolutions:
        assert torch.linalg.matrix_norm(convolution.weight.flatten(1), 2).item() == pytest.approx(1, abs=1e-5)
    for norm in norms:
        assert norm.weight.min().item() >= 0.01 - 1e-7
        assert norm.weight.max().item() <= 1 + 1e-7
    assert all(torch.equal(biases[n], p) for n, p in critic.named_parameters() if n in biases)
