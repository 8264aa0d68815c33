"""Inception Score and Fréchet distance: golden 14."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.kit import golden
from tests.kit.scores import RANK_DEFICIENT, frechet, softmax
from vidgen_bench.measure.metrics.frechet_distance import frechet_distance
from vidgen_bench.measure.metrics.inception_score import inception_score
from vidgen_bench.measure.reference.moments import moments_of

PRINTED_DIGITS = 1e-7


def golden_features(n: int) -> tuple[np.ndarray, np.ndarray]:
    """X and Y of golden 14: [n, 64], float64 then rounded to float32."""
    j = np.arange(64)
    x = golden.base(100, n * 64).reshape(n, 64) * (1 + 0.02 * j) + 0.3 * np.sin(0.5 * j)
    y = golden.base(101, n * 64).reshape(n, 64) * (1.5 - 0.01 * j) + 0.2 * np.cos(0.3 * j) + 0.5 * np.roll(x, 1, axis=1)
    return x.astype(np.float32), y.astype(np.float32)


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
