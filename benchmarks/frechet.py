"""The Fréchet distance by singular values against scipy's matrix square root."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from benchmarks.timing import alternate, report
from vidgen_bench.metrics.frechet_distance import distance_to, factor
from vidgen_bench.metrics.moments import moments_of

DIMENSION, SAMPLES = 1024, 512


def main() -> None:
    """Print the table, and how far the two values are apart."""
    random = np.random.default_rng(0)
    mixing = random.normal(size=(DIMENSION, DIMENSION)) / np.sqrt(DIMENSION)
    real = moments_of(random.normal(size=(2 * DIMENSION, DIMENSION)) @ mixing)
    features = random.normal(size=(SAMPLES, DIMENSION)) @ mixing + 0.1
    root = factor(real)
    values: dict[str, float] = {}

    def ours() -> None:
        values["ours"] = distance_to(features, real, root)

    def direct() -> None:
        made = moments_of(features)
        trace = np.trace(scipy.linalg.sqrtm(made.covariance @ real.covariance)).real
        gap = made.mean - real.mean
        values["scipy"] = float(gap @ gap + np.trace(made.covariance) + np.trace(real.covariance) - 2 * trace)

    seconds = alternate({"singular values": ours, "scipy.linalg.sqrtm": direct}, rounds=3)
    report(
        f"Fréchet distance, {SAMPLES} samples of {DIMENSION} features (reference factorised once)",
        seconds,
        "singular values",
    )
    print(f"  relative difference of the two values {abs(values['ours'] / values['scipy'] - 1):.1e}")
