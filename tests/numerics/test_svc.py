"""Singular value clipping: golden 12, the textbook decomposition, and the rule for batch normalisations."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from vidgen_backbones.tgan import svc
from vidgen_backbones.tgan.discriminator import Discriminator
from vidgen_backbones.tgan.svc import clip_discriminator, clipped, clipped_by_products


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


def with_spectrum(s: Tensor, columns: int) -> Tensor:
    """Return a float64 matrix [len(s), columns] with these singular values and random singular vectors."""
    generator = torch.Generator().manual_seed(5)
    u, v = (
        torch.linalg.qr(torch.randn(rows, len(s), generator=generator, dtype=torch.float64))[0]
        for rows in (len(s), columns)
    )
    return (u * s) @ v.T


RAMP = torch.linspace(0, 1, 64, dtype=torch.float64)

SPECTRA = {
    "of training": 0.2 + 0.82 * RAMP,
    "wide": 0.45 + 1.05 * RAMP,
    "a quarter within 1e-3 of 1": torch.where(RAMP < 0.25, 1 + 8e-3 * (RAMP - 0.125), 0.01 + 2.99 * RAMP),
    "all below 1": 0.95 * RAMP,
    "all 1": torch.ones(64, dtype=torch.float64),
    "all 0": torch.zeros(64, dtype=torch.float64),
    "ten times too large": 10 * RAMP,
}


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_products_clip_as_exactly_as_the_decomposition_of_float64(spectrum: str) -> None:
    s = SPECTRA[spectrum]
    matrix = with_spectrum(s, 192)
    expected = with_spectrum(s.clamp(max=1), 192)
    torch.testing.assert_close(clipped_by_products(matrix.float()).double(), expected, atol=3e-6, rtol=0)
    torch.testing.assert_close(clipped_by_products(matrix), expected, atol=1e-8, rtol=0)


@pytest.mark.parametrize("largest", [30.0, 100.0])
def test_products_keep_small_values_beside_a_large_one(largest: float) -> None:
    """With half the steps of the inverse root, a largest value of 30 shrinks small ones."""
    s = torch.cat([torch.tensor([largest], dtype=torch.float64), 0.9 * RAMP])
    after = torch.linalg.svdvals(clipped_by_products(with_spectrum(s, 192).float()).double())
    torch.testing.assert_close(after.flip(0), s.clamp(max=1).sort().values, atol=1e-7 * largest**2, rtol=0)


def test_products_of_closed_forms() -> None:
    assert torch.equal(clipped_by_products(torch.zeros(3, 5)), torch.zeros(3, 5))
    torch.testing.assert_close(clipped_by_products(torch.tensor([[3.0, 4.0]])), torch.tensor([[0.6, 0.8]]))
    diagonal = torch.diag(torch.tensor([2.0, -0.5, -7.0]))
    torch.testing.assert_close(clipped_by_products(diagonal), torch.diag(torch.tensor([1.0, -0.5, -1.0])))


def test_products_pass_on_what_is_not_finite() -> None:
    assert clipped_by_products(torch.tensor([[float("nan"), 1.0]])).isnan().all()


def test_a_cpu_decomposes_and_every_other_device_multiplies(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    for name in ("clipped_by_eigenvalues", "clipped_by_products"):
        monkeypatch.setattr(svc, name, lambda matrix, n=name: ran.append(n) or matrix)
    for device in ("cpu", "meta"):
        for shape in ((3, 5), (5, 3)):
            assert clipped(torch.empty(shape, device=device)).shape == shape
    assert ran == 2 * ["clipped_by_eigenvalues"] + 2 * ["clipped_by_products"]
