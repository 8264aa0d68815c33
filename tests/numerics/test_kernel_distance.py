"""The kernel distance: against a loop over pairs, in closed form, unbiased, and independent of blocks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from vidgen_bench.api import FeatureSet, Reference
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.metrics import kernel_distance as module
from vidgen_bench.measure.metrics.kernel_distance import KernelDistance, KernelDistanceOptions, kernel_distance


def drawn(seed: int, n: int, d: int = 8) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_definition(x: np.ndarray, y: np.ndarray, degree: int = 3, c: float = 1.0) -> float:
    """Equation 4 of Binkowski et al., pair by pair."""

    def k(a: np.ndarray, b: np.ndarray) -> float:
        return float((a @ b / len(a) + c) ** degree)

    def own(s: np.ndarray) -> float:
        return float(np.mean([k(s[i], s[j]) for i in range(len(s)) for j in range(len(s)) if i != j]))

    return own(x) + own(y) - 2 * float(np.mean([k(a, b) for a in x for b in y]))


@given(
    seed=st.integers(0, 10**6), n=st.integers(2, 9), m=st.integers(2, 9), d=st.integers(1, 5), degree=st.integers(1, 4)
)
@settings(max_examples=40, deadline=None)
def test_the_definition(seed: int, n: int, m: int, d: int, degree: int) -> None:
    x, y, options = drawn(seed, n, d), drawn(seed + 1, m, d) + 0.5, KernelDistanceOptions(degree, 0.7)
    expected = by_definition(x.numpy(), y.numpy(), degree, 0.7)
    assert kernel_distance(x, y, options) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_closed_form_on_two_pairs() -> None:
    """x at 0 and y at +1 and -1, one feature: k(0, .) = 1, k(1, -1) = 0, k(1, 1) is left out."""
    assert kernel_distance(np.zeros((2, 1)), np.array([[1.0], [-1.0]])) == 1.0 + 0.0 - 2.0
    assert kernel_distance(np.ones((2, 1)), np.zeros((2, 1))) == 8.0 + 1.0 - 2.0


def test_a_set_compared_with_itself_is_below_0_by_the_omitted_diagonal() -> None:
    """d = 2 / (n (n - 1)) sum_(i != j) k - 2 / n^2 sum_ij k = 2 (mean over i != j - mean over all)."""
    x = drawn(1, 40)
    k = (x @ x.T / 8 + 1) ** 3
    others = (k.sum() - k.trace()) / (40 * 39)
    assert kernel_distance(x, x) == pytest.approx(float(2 * (others - k.mean())), rel=1e-12)
    assert kernel_distance(x, x) < 0


def test_it_is_unbiased() -> None:
    """Over draws of one law its mean is 0 within three standard errors; the biased estimate would be many above."""
    found = torch.tensor([kernel_distance(drawn(2 * s, 12), drawn(2 * s + 1, 20)) for s in range(400)])
    error = float(found.std()) / 20
    assert abs(float(found.mean())) < 3 * error
    diagonal = float(((drawn(0, 1000).square().sum(dim=1) / 8 + 1) ** 3).mean())
    assert (diagonal - 1) / 12 > 20 * error


def test_distance_grows_with_the_shift() -> None:
    values = [kernel_distance(drawn(1, 200) + shift, drawn(2, 200)) for shift in (0.0, 0.3, 1.0, 3.0)]
    assert values == sorted(values)
    assert values[-1] > 100 * abs(values[0])


def test_it_is_symmetric() -> None:
    x, y = drawn(1, 30) + 0.2, drawn(2, 50)
    assert kernel_distance(x, y) == pytest.approx(kernel_distance(y, x), rel=1e-12)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = drawn(1, 50), drawn(2, 33)
    whole = kernel_distance(x, y)
    monkeypatch.setattr(module, "ROWS", 7)
    assert kernel_distance(x, y) == pytest.approx(whole, rel=1e-12)


def test_the_real_term_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    original = module._own_term
    monkeypatch.setattr(module, "_own_term", lambda x, options: calls.append(len(x)) or original(x, options))
    y = drawn(2, 33)
    score = KernelDistance().scorer(Reference(clips=FeatureSet(y)), KernelDistanceOptions())
    values = [score(FeatureSet(drawn(seed, 20))) for seed in (1, 3)]
    assert calls == [33, 20, 20]
    assert values == [kernel_distance(drawn(seed, 20), y) for seed in (1, 3)]


def test_refusals_and_nan() -> None:
    with pytest.raises(RequestError, match=r"at least 2 samples.*found 1"):
        kernel_distance(drawn(1, 1), drawn(2, 5))
    with pytest.raises(RequestError, match=r"at least 2 samples.*found 1"):
        kernel_distance(drawn(1, 5), drawn(2, 1))
    with pytest.raises(RequestError, match="samples have 3, the reference 8"):
        kernel_distance(drawn(1, 5, 3), drawn(2, 5))
    broken = drawn(2, 5)
    broken[0, 0] = np.inf
    assert np.isnan(kernel_distance(drawn(1, 5), broken))
