"""Inception Score and Fréchet distance: golden 14, closed forms, invariances, agreement with the textbook matrix square root."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import linalg

from tests import golden
from vidgen_bench.errors import RequestError
from vidgen_bench.metrics.frechet_distance import FrechetDistance, frechet_distance
from vidgen_bench.metrics.inception_score import InceptionScore, inception_score
from vidgen_bench.metrics.moments import moments_of

PRINTED_DIGITS = 1e-7
RANK_DEFICIENT = 1e-6


def softmax(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def golden_features(n: int) -> tuple[np.ndarray, np.ndarray]:
    """X and Y of golden 14: [n, 64], float64 then rounded to float32."""
    j = np.arange(64)
    x = golden.base(100, n * 64).reshape(n, 64) * (1 + 0.02 * j) + 0.3 * np.sin(0.5 * j)
    y = golden.base(101, n * 64).reshape(n, 64) * (1.5 - 0.01 * j) + 0.2 * np.cos(0.3 * j) + 0.5 * np.roll(x, 1, axis=1)
    return x.astype(np.float32), y.astype(np.float32)


def by_square_root(x: np.ndarray, y: np.ndarray) -> float:
    """The published route: numpy.cov and scipy.linalg.sqrtm, real part."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    c1, c2 = np.cov(x.T), np.cov(y.T)
    root = np.asarray(linalg.sqrtm(c1 @ c2))
    return float(np.square(x.mean(0) - y.mean(0)).sum() + np.trace(c1 + c2 - 2 * root).real)


def frechet(x: np.ndarray, y: np.ndarray) -> float:
    return FrechetDistance().scorer(moments_of(y))(x)


# ------------------------------------------------------------------------------------------------------------ golden 14
@pytest.mark.parametrize(("case", "sharpness"), [("mild", 3.0), ("peaked", 12.0)])
def test_golden_inception_score(shared: Path, case: str, sharpness: float) -> None:
    expected = golden.load(shared, "14")["inception_score"]
    p = softmax(sharpness * golden.base(0, 256 * 101).reshape(256, 101))
    assert inception_score(p) == pytest.approx(expected[f"{case}_float64"], rel=PRINTED_DIGITS)
    rounded = p.astype(np.float32)
    assert inception_score(rounded) == pytest.approx(
        expected[f"{case}_float64_input_rounded_to_float32"], rel=PRINTED_DIGITS
    )


def test_golden_extremes(shared: Path) -> None:
    expected = golden.load(shared, "14")["inception_score"]
    one_hot = np.eye(101)[np.arange(256) % 101]
    assert inception_score(one_hot) == pytest.approx(expected["one_hot_cyclic_256_over_101_float32"], rel=1e-6)
    uniform = np.full((256, 101), 1 / 101)
    assert inception_score(uniform) == pytest.approx(
        expected["uniform_float32"], abs=4e-6
    )  # float32 rounding of theirs


@pytest.mark.parametrize(
    ("case", "n", "relative"), [("n256_d64", 256, PRINTED_DIGITS), ("n32_d64", 32, RANK_DEFICIENT)]
)
def test_golden_frechet_distance(shared: Path, case: str, n: int, relative: float) -> None:
    expected = golden.load(shared, "14")["fid"][case]
    x, y = golden_features(n)
    golden.assert_fingerprint(x, expected["X"], atol=1e-6)
    golden.assert_fingerprint(y, expected["Y"], atol=1e-6)
    # the published reference rounds the means to the features' float32
    assert frechet(x, y) == pytest.approx(expected["fid_nuclear_norm_float64"], rel=PRINTED_DIGITS)
    assert frechet(x, y) == pytest.approx(expected["fid_reference_scipy_sqrtm"], rel=relative)
    assert frechet_distance(moments_of(x), moments_of(y)) == pytest.approx(
        expected["fid_eigvalsh_float64"], rel=PRINTED_DIGITS
    )


# ----------------------------------------------------------------------------------------------------------- closed forms
def test_inception_score_of_perfect_and_of_useless_samples() -> None:
    assert inception_score(np.eye(8)[np.arange(80) % 8]) == pytest.approx(8.0, rel=1e-5)
    assert inception_score(np.full((80, 8), 1 / 8)) == pytest.approx(1.0, abs=1e-12)


def test_mode_collapse_lowers_the_inception_score() -> None:
    balanced = np.arange(80) % 8
    scores = [inception_score(np.eye(8)[balanced % modes]) for modes in (8, 4, 2, 1)]
    assert scores == pytest.approx([8.0, 4.0, 2.0, 1.0], rel=1e-5)


def test_frechet_distance_of_two_known_gaussians() -> None:
    """Diagonal covariances commute: d = |m1 - m2|^2 + sum (s1 - s2)^2, exactly, on sets made to have these moments."""
    corners = np.array([[a, b, c] for a in (-1.0, 1.0) for b in (-1.0, 1.0) for c in (-1.0, 1.0)])
    unit = corners * np.sqrt(7 / 8)  # sample covariance: the identity
    x, y = unit * [1.0, 2.0, 3.0] + [1.0, 0.0, 0.0], unit * [2.0, 2.0, 5.0]
    assert frechet(x, y) == pytest.approx(1.0 + 1.0 + 0.0 + 4.0, rel=1e-12)


# ------------------------------------------------------------------------------------------------------------ invariances
@pytest.mark.parametrize(("n", "d"), [(300, 40), (30, 80)])
def test_identical_sets_have_no_distance(n: int, d: int) -> None:
    x = golden.base(7, n * d).reshape(n, d) * np.linspace(0.01, 10, d) + 3.0
    scale = np.trace(moments_of(x).covariance)
    assert 0.0 <= frechet(x, x) < 1e-6 * scale


@pytest.mark.parametrize(("n", "m", "d"), [(60, 400, 120), (200, 50, 30), (400, 400, 30)])
def test_agreement_with_the_matrix_square_root(n: int, m: int, d: int) -> None:
    x = golden.base(3, n * d).reshape(n, d) * np.linspace(0.5, 2, d)
    y = golden.base(4, m * d).reshape(m, d) + 0.1
    assert frechet(x, y) == pytest.approx(by_square_root(x, y), rel=RANK_DEFICIENT)
    assert frechet_distance(moments_of(x), moments_of(y)) == pytest.approx(frechet(x, y), rel=1e-9)
    assert frechet(y, x) == pytest.approx(frechet(x, y), rel=1e-9)


def test_dead_features_change_nothing() -> None:
    x, y = (golden.base(k, 50 * 20).reshape(50, 20) for k in (5, 6))
    padded = [np.concatenate([s, np.zeros((50, 30))], axis=1) for s in (x, y)]
    assert frechet(*padded) == pytest.approx(frechet(x, y), rel=1e-6)


def test_scores_do_not_depend_on_the_order_of_samples() -> None:
    p = softmax(5 * golden.base(0, 90 * 8).reshape(90, 8))
    x, y = (golden.base(k, 90 * 12).reshape(90, 12) for k in (1, 2))
    order = np.argsort(golden.base(9, 90))
    assert inception_score(p[order]) == pytest.approx(inception_score(p), rel=1e-13)
    assert frechet(x[order], y) == pytest.approx(frechet(x, y), rel=1e-12)


# --------------------------------------------------------------------------------------------------------------- refusals
def test_one_sample_is_refused() -> None:
    y = golden.base(1, 40).reshape(10, 4)
    score = FrechetDistance().scorer(moments_of(y))
    with pytest.raises(RequestError, match="at least 2 samples"):
        score(y[:1])
    with pytest.raises(RequestError, match="at least 2 samples"):
        moments_of(y[:1])


def test_other_features_and_no_reference_are_refused() -> None:
    y = golden.base(1, 40).reshape(10, 4)
    with pytest.raises(RequestError, match="samples have 3, the reference 4"):
        FrechetDistance().scorer(moments_of(y))(y[:, :3])
    with pytest.raises(RequestError, match="none were given"):
        FrechetDistance().scorer(None)
    with pytest.raises(RequestError, match=r"\[samples, classes\]"):
        inception_score(np.ones(8) / 8)


def test_features_that_are_not_finite_give_nan() -> None:
    """A diverged generator is reported as such by whoever reads the score; the metric does not raise."""
    y = golden.base(1, 40).reshape(10, 4)
    broken = y.copy()
    broken[3, 2] = np.nan
    assert np.isnan(FrechetDistance().scorer(moments_of(y))(broken))
    assert np.isnan(InceptionScore().scorer(None)(np.where(broken == broken, 0.25, np.nan)))
