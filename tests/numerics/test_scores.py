"""Inception Score and Fréchet distance: golden 14, closed forms, invariances, agreement with the textbook matrix square root."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from tests.kit import golden
from tests.kit.scores import RANK_DEFICIENT, feature_set, frechet, softmax
from vidgen_bench.api import Moments, NoOptions, Reference
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.metrics import gaussian
from vidgen_bench.measure.metrics.frechet_distance import FrechetDistance, frechet_distance
from vidgen_bench.measure.metrics.frechet_video_distance import FrechetVideoDistance, FrechetVideoDistanceOptions
from vidgen_bench.measure.metrics.inception_score import InceptionScore, inception_score
from vidgen_bench.measure.reference.moments import moments_of


def by_square_root(x: np.ndarray, y: np.ndarray, ddof: int = 1) -> float:
    """The published route: numpy.cov and scipy.linalg.sqrtm, real part."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    c1, c2 = np.cov(x.T, ddof=ddof), np.cov(y.T, ddof=ddof)
    root = np.asarray(linalg.sqrtm(c1 @ c2))
    return float(np.square(x.mean(0) - y.mean(0)).sum() + np.trace(c1 + c2 - 2 * root).real)


# ------------------------------------------------------------------------------------------------------ Inception Score
def test_inception_score_of_perfect_and_of_useless_samples() -> None:
    assert inception_score(np.eye(8)[np.arange(80) % 8]) == pytest.approx(8.0, rel=1e-5)
    assert inception_score(np.full((80, 8), 1 / 8)) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("added", ["in-logarithms", "to-probabilities"])
def test_mode_collapse_lowers_the_inception_score(added: str) -> None:
    balanced = np.arange(80) % 8
    scores = [inception_score(np.eye(8)[balanced % modes], 1e-9, added) for modes in (8, 4, 2, 1)]
    assert scores == pytest.approx([8.0, 4.0, 2.0, 1.0], rel=1e-5)


@pytest.mark.parametrize("added", ["in-logarithms", "to-probabilities"])
def test_without_epsilon_impossible_classes_count_nothing(added: str) -> None:
    assert inception_score(np.eye(8)[np.arange(80) % 8], 0.0, added) == pytest.approx(8.0, rel=1e-14)


@given(seed=st.integers(0, 1000), classes=st.integers(1, 101), epsilon=st.sampled_from([0.0, 1e-20, 1e-7, 0.1]))
@settings(max_examples=30, deadline=None)
def test_one_sample_scores_exactly_one(seed: int, classes: int, epsilon: float) -> None:
    p = softmax(20 * golden.base(seed, classes).reshape(1, classes))
    assert inception_score(p, epsilon) == inception_score(p, epsilon, "to-probabilities") == 1.0


def test_the_three_rules_are_those_of_the_three_papers() -> None:
    p = softmax(8 * golden.base(0, 97 * 12).reshape(97, 12))

    def mean_divergence(q: np.ndarray, epsilon: float) -> float:
        return float(np.exp((q * (np.log(q + epsilon) - np.log(q.mean(0) + epsilon))).sum(1).mean()))

    assert inception_score(p, 0.01) == pytest.approx(mean_divergence(p, 0.01), rel=1e-13)
    assert inception_score(p, 0.01, "to-probabilities") == pytest.approx(mean_divergence(p + 0.01, 0.0), rel=1e-13)
    parts = [p[i * 97 // 10 : (i + 1) * 97 // 10] for i in range(10)]
    assert sorted({len(part) for part in parts}) == [9, 10]
    by_parts = np.mean([mean_divergence(part, 0.0) for part in parts])
    assert inception_score(p, 0.0, splits=10) == pytest.approx(by_parts, rel=1e-13)
    assert inception_score(p, 0.0, splits=97) == 1.0


def test_options_reach_the_score() -> None:
    p, metric = softmax(8 * golden.base(0, 60 * 12).reshape(60, 12)), InceptionScore()
    for epsilon, added, splits in ((1e-7, "in-logarithms", 1), (0.1, "to-probabilities", 1), (0.0, "in-logarithms", 3)):
        options = metric.options(epsilon=epsilon, added=added, splits=splits)
        score = metric.scorer(Reference(), options)(feature_set(p))
        assert score == inception_score(p, epsilon, added, splits)
    assert metric.scorer(Reference(), metric.options())(feature_set(p)) == inception_score(p)


# ---------------------------------------------------------------------------------------------------- Fréchet distance
def test_frechet_distance_of_two_known_gaussians() -> None:
    """Diagonal covariances commute: d = |m1 - m2|^2 + sum (s1 - s2)^2, exactly, on sets made to have these moments."""
    corners = np.array([[a, b, c] for a in (-1.0, 1.0) for b in (-1.0, 1.0) for c in (-1.0, 1.0)])
    unit = corners * np.sqrt(7 / 8)  # sample covariance: the identity
    x, y = unit * [1.0, 2.0, 3.0] + [1.0, 0.0, 0.0], unit * [2.0, 2.0, 5.0]
    assert frechet(x, y) == pytest.approx(1.0 + 1.0 + 0.0 + 4.0, rel=1e-12)


@pytest.mark.parametrize(("n", "d"), [(300, 40), (30, 80), (81, 80), (80, 80)])
def test_identical_sets_have_distance_0(n: int, d: int) -> None:
    x = golden.base(7, n * d).reshape(n, d) * np.linspace(0.01, 10, d) + 3.0
    scale = float(moments_of(x).covariance.trace())
    assert 0.0 <= frechet(x, x) < 1e-6 * scale
    assert 0.0 <= frechet_distance(moments_of(x), moments_of(x)) < 1e-6 * scale


@pytest.mark.parametrize(("n", "m", "d"), [(60, 400, 120), (200, 50, 30), (400, 400, 30), (30, 20, 80), (100, 20, 80)])
def test_agreement_with_the_matrix_square_root(n: int, m: int, d: int) -> None:
    x = golden.base(3, n * d).reshape(n, d) * np.linspace(0.5, 2, d)
    y = golden.base(4, m * d).reshape(m, d) + 0.1
    assert frechet(x, y) == pytest.approx(by_square_root(x, y), rel=RANK_DEFICIENT)
    assert frechet_distance(moments_of(x), moments_of(y)) == pytest.approx(frechet(x, y), rel=1e-8)
    assert frechet(y, x) == pytest.approx(frechet(x, y), rel=1e-8)  # the roles may be swapped


def test_one_direction_only_has_a_closed_form() -> None:
    """x = u a, y = v b with unit vectors u and v: tr (C_x C_y)^(1/2) = |u . v| s_a s_b, of rank 1 in 50 features."""
    a, b = golden.base(1, 20), golden.base(2, 90)
    u, v = golden.base(3, 50), golden.base(4, 50)
    u, v = u / np.linalg.norm(u), v / np.linalg.norm(v)
    gap = u * a.mean() - v * b.mean()
    cross = abs(u @ v) * a.std(ddof=1) * b.std(ddof=1)
    expected = gap @ gap + a.var(ddof=1) + b.var(ddof=1) - 2 * cross
    assert frechet(np.outer(a, u), np.outer(b, v)) == pytest.approx(expected, rel=1e-6)


def test_dead_features_change_nothing() -> None:
    x, y = (golden.base(k, 50 * 20).reshape(50, 20) for k in (5, 6))
    padded = [np.concatenate([s, np.zeros((50, 30))], axis=1) for s in (x, y)]
    assert frechet(*padded) == pytest.approx(frechet(x, y), rel=1e-9)


def test_batches_share_one_factorisation(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    original = torch.linalg.eigh
    monkeypatch.setattr(gaussian.torch.linalg, "eigh", lambda c: calls.append(len(c)) or original(c))
    x, y = (golden.base(k, 90 * 12).reshape(90, 12) for k in (1, 2))
    score = FrechetDistance().scorer(Reference(moments_of(y)), NoOptions())
    distances = [score(feature_set(part)) for part in (x, x[:40], x[50:])]
    assert calls == [12]
    assert distances[1] == pytest.approx(frechet(x[:40], y), rel=1e-12)


@pytest.mark.parametrize(("divisor", "ddof"), [("n-1", 1), ("n", 0)])
@pytest.mark.parametrize("n", [25, 80])
def test_the_video_distance_divides_as_its_options_say(divisor: str, ddof: int, n: int) -> None:
    x, y = golden.base(3, n * 40).reshape(n, 40), golden.base(4, 60 * 40).reshape(60, 40) + 0.1
    options = FrechetVideoDistanceOptions(divisor=divisor)
    score = FrechetVideoDistance().scorer(Reference(moments_of(y)), options)(feature_set(x))
    assert score == pytest.approx(by_square_root(x, y, ddof), rel=RANK_DEFICIENT)


def test_the_caveat_says_where_samples_do_not_span_the_features() -> None:
    for metric in (FrechetDistance(), FrechetVideoDistance()):
        caveats = [metric.caveat(n, 4096) for n in (2048, 4096, 4097, 10000)]
        assert caveats == ["rank-deficient", "rank-deficient", "", ""]


# --------------------------------------------------------------------------------------------------------------- refusals
def test_one_sample_is_refused() -> None:
    y = golden.base(1, 40).reshape(10, 4)
    score = FrechetDistance().scorer(Reference(moments_of(y)), NoOptions())
    with pytest.raises(RequestError, match="at least 2 samples"):
        score(feature_set(y[:1]))
    with pytest.raises(RequestError, match="at least 2 samples"):
        moments_of(y[:1])
    one = Moments(1, torch.zeros(4), torch.zeros(4, 4))
    with pytest.raises(RequestError, match=r"at least 2 samples.*found 1"):
        frechet_distance(one, moments_of(y))


def test_other_features_no_reference_and_no_matrix_are_refused() -> None:
    y = golden.base(1, 40).reshape(10, 4)
    with pytest.raises(RequestError, match="samples have 3, the reference 4"):
        frechet(y[:, :3], y)
    with pytest.raises(RequestError, match="samples have 3, the reference 4"):
        frechet_distance(moments_of(y[:, :3]), moments_of(y))
    with pytest.raises(RequestError, match="the reference has none"):
        FrechetDistance().scorer(Reference(), NoOptions())
    with pytest.raises(RequestError, match=r"\[samples, classes\]"):
        inception_score(np.ones(8) / 8)
    with pytest.raises(RequestError, match=r"\[samples, classes\].*\[0, 8\]"):
        inception_score(np.ones((0, 8)))
    with pytest.raises(RequestError, match="over 10 splits needs at least 10 samples; found 9"):
        inception_score(np.ones((9, 8)) / 8, splits=10)


def test_features_that_are_not_finite_give_nan() -> None:
    """The metric returns NaN for a diverged generator instead of raising; the caller reports the divergence."""
    y = golden.base(1, 40).reshape(10, 4)
    broken = y.copy()
    broken[3, 2] = np.nan
    assert np.isnan(frechet(broken, y))
    assert np.isnan(frechet(y, broken))
    assert np.isnan(frechet(y[:3] * 1e200, y))  # the square overflows
    assert np.isnan(frechet_distance(moments_of(broken), moments_of(y)))
    assert np.isnan(frechet_distance(moments_of(y), moments_of(broken)))
    assert np.isnan(inception_score(np.where(broken == broken, 0.25, np.nan)))


@pytest.mark.parametrize("n", [3, 30])
def test_clips_that_are_all_alike_have_only_their_own_spread(n: int) -> None:
    """A covariance of 0 on either side, or both: d = |m_x - m_y|^2 + tr C of the other."""
    x = golden.base(1, n * 6).reshape(n, 6)
    alike = np.full((9, 6), 0.25)
    spread = float(np.square(x.mean(0) - 0.25).sum() + x.var(axis=0, ddof=1).sum())
    assert frechet(x, alike) == pytest.approx(spread, rel=1e-12)
    assert frechet(alike, x) == pytest.approx(spread, rel=1e-12)
    assert frechet_distance(moments_of(x), moments_of(alike)) == pytest.approx(spread, rel=1e-12)
    assert frechet(alike, alike + 2.0) == pytest.approx(24.0, rel=1e-12)
