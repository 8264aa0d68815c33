"""FID at infinitely many samples: nearer to a known distance than FID, each point the FID of its subset, the line exact."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from vidgen_bench.api import Curve, FeatureSet, Moments, NoOptions, Reference
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.metrics import gaussian
from vidgen_bench.measure.metrics.frechet_distance import FrechetDistance, frechet_distance
from vidgen_bench.measure.metrics.frechet_extrapolation import (
    FrechetExtrapolation,
    FrechetExtrapolationOptions,
    drawn_order,
    line_at_zero,
    sizes,
)
from vidgen_bench.measure.reference.moments import moments_of

INFINITELY_MANY = 10**9


def drawn(seed: int, n: int, d: int) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def fid_at_infinity(x: Tensor, real: Moments, **options: float) -> Curve:
    metric = FrechetExtrapolation()
    return metric.scorer(Reference(real), metric.options(**options))(FeatureSet(x))


def fid(x: Tensor, real: Moments) -> float:
    return FrechetDistance().scorer(Reference(real), NoOptions())(FeatureSet(x))


@given(value=st.floats(-100, 100), slope=st.floats(-100, 100), x=st.lists(st.integers(2, 99), min_size=2, unique=True))
def test_the_line_through_points_of_a_line(value: float, slope: float, x: list[int]) -> None:
    assert line_at_zero([1 / n for n in x], [value + slope / n for n in x]) == pytest.approx(value, abs=1e-8)


def test_the_line_is_the_least_squares_one() -> None:
    x, y = [0.1, 0.2, 0.4, 0.8], [1.0, 3.0, 2.0, 5.0]
    design = torch.stack([torch.ones(4, dtype=torch.float64), torch.tensor(x, dtype=torch.float64)], dim=1)
    expected = torch.linalg.lstsq(design, torch.tensor(y, dtype=torch.float64)[:, None]).solution[0, 0]
    assert line_at_zero(x, y) == pytest.approx(float(expected), rel=1e-12)


def test_the_numbers_of_samples() -> None:
    assert sizes(2048, FrechetExtrapolationOptions()) == [512, 731, 951, 1170, 1390, 1609, 1829, 2048]
    assert sizes(50000, FrechetExtrapolationOptions(10, 0.1)) == list(range(5000, 50001, 5000))
    assert sizes(3, FrechetExtrapolationOptions()) == [2, 3]
    with pytest.raises(RequestError, match="at least 3 samples; found 2"):
        sizes(2, FrechetExtrapolationOptions())


@pytest.mark.parametrize("d", [16, 32])
def test_it_is_nearer_to_the_truth_than_fid(d: int) -> None:
    """Gaussian samples of a known distance to a known Gaussian, n = 256: the bias falls to less than a third."""
    mixing = drawn(0, d, d) / d**0.5
    real = Moments(INFINITELY_MANY, torch.zeros(d, dtype=torch.float64), mixing @ mixing.T)
    root = torch.linspace(0.5, 1.5, d, dtype=torch.float64)[:, None] * mixing
    mean = torch.full((d,), 0.1, dtype=torch.float64)
    truth = frechet_distance(Moments(INFINITELY_MANY, mean, root @ root.T), real)
    batches = [drawn(seed, 256, d) @ root.T + mean for seed in range(1, 17)]
    plain = sum(fid(x, real) for x in batches) / len(batches)
    extrapolated = sum(fid_at_infinity(x, real).value for x in batches) / len(batches)
    assert plain - truth > 0.05 * truth
    assert abs(extrapolated - truth) < (plain - truth) / 3


@pytest.mark.parametrize(("n", "m", "d"), [(60, 400, 80), (200, 400, 30), (60, 25, 80), (60, 25, 30)])
def test_every_point_is_the_fid_of_its_subset(n: int, m: int, d: int) -> None:
    """Although one product of all samples serves them all: rank-deficient samples, reference, both and neither."""
    x, real = drawn(1, n, d) + 3.0, moments_of(drawn(2, m, d))
    x[:, 0] = 0.0
    curve = fid_at_infinity(x, real)
    order = drawn_order(x)
    expected = {f"n={k}": fid(x[order[:k]], real) for k in sizes(n, FrechetExtrapolationOptions())}
    assert curve.at == pytest.approx(expected, rel=1e-8)
    assert curve.at[f"n={n}"] == pytest.approx(fid(x, real), rel=1e-12)


def test_one_product_serves_every_point_and_fid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eigenvalues are taken once for each number of samples; FID is one of them."""
    taken: list[int] = []
    original = torch.linalg.eigvalsh
    monkeypatch.setattr(gaussian.torch.linalg, "eigvalsh", lambda c: taken.append(len(c)) or original(c))
    real, samples = moments_of(drawn(2, 100, 50)), FeatureSet(drawn(1, 40, 50))
    metric = FrechetExtrapolation()
    curve = metric.scorer(Reference(real), metric.options())(samples)
    value = FrechetDistance().scorer(Reference(real), NoOptions())(samples)
    assert sorted(taken) == sizes(40, FrechetExtrapolationOptions())
    assert value == curve.at["n=40"]
    assert len(samples.made) == 1


def test_the_drawn_order() -> None:
    """The order is a permutation that depends on the samples, not on their order or last digits, and is unrelated to their values."""
    x = drawn(1, 500, 20).relu()
    order = drawn_order(x)
    assert sorted(order.tolist()) == list(range(500))
    assert torch.equal(x.flip(0)[drawn_order(x.flip(0))], x[order])
    rounded = x * (1 + 1e-7 * drawn(2, 500, 20))
    assert (drawn_order(rounded) == order).double().mean() > 0.9
    assert abs(float(torch.corrcoef(torch.stack([order.argsort().double(), x.sum(dim=1)]))[0, 1])) < 0.15
    one = drawn(3, 300, 1)
    assert abs(float(one[drawn_order(one)[:100]].mean() - one.mean())) < 0.3


def test_identical_rows_have_an_order_too() -> None:
    assert sorted(drawn_order(torch.ones(9, 4, dtype=torch.float64)).tolist()) == list(range(9))


@pytest.mark.parametrize(("modes", "spread"), [(16, 0.0), (64, 0.0), (16, 0.03)])
def test_a_generator_that_repeats_itself_is_not_flattered(modes: int, spread: float) -> None:
    d, n, draws = 16, 512, 6
    real = moments_of(drawn(1, 4096, d))
    gaps = []
    for number in range(draws):
        centres = drawn(100 + number, modes, d)

        def made(seed: int, count: int, centres: Tensor = centres) -> Tensor:
            picked = torch.randint(modes, (count,), generator=torch.Generator().manual_seed(seed))
            return centres[picked] + spread * drawn(seed + 1, count, d)

        truth = frechet_distance(moments_of(made(1000 + number, 40 * n)), real)
        gaps.append((fid_at_infinity(made(2000 + number, n), real).value - truth) / truth)
    assert abs(sum(gaps) / draws) < 0.03
