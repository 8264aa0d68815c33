"""Singular value clipping: golden 12, the textbook decomposition, and the rule for batch normalisations."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from vidgen_backbones.tgan.discriminator import Discriminator
from vidgen_backbones.tgan.svc import clip_discriminator, clipped


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
