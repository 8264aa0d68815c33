"""The Fréchet distance by symmetric eigenvalues against scipy's matrix square root, at the size of the protocols.

``python -m benchmarks.frechet 1024 512`` uses other numbers of features and samples; at full size scipy takes minutes.
"""

from __future__ import annotations

import statistics
import sys
import time

import scipy.linalg
import torch

from vidgen_bench.api import FeatureSet, Moments, NoOptions, Reference
from vidgen_bench.measure.metrics.frechet_distance import FrechetDistance
from vidgen_bench.measure.reference.moments import moments_of

FEATURES, SAMPLES = 4096, 2048
TIMES = 5
"""The number of our runs; scipy runs once."""
AGREEMENT = 1e-6


def by_square_root(features: torch.Tensor, real: Moments) -> float:
    """Return the distance as computed by the published code: covariance, then ``scipy.linalg.sqrtm`` of the product."""
    made = moments_of(features)
    root = scipy.linalg.sqrtm((made.covariance @ real.covariance).numpy())
    gap = made.mean - real.mean
    return float(gap @ gap + made.covariance.trace() + real.covariance.trace() - 2 * root.trace().real)


def main(size: int = FEATURES, samples: int = SAMPLES) -> None:
    """Print both times, their ratio, and the difference of the values."""
    random = torch.Generator().manual_seed(0)
    mixing = torch.randn(size, size, generator=random, dtype=torch.float64) / size**0.5
    real = moments_of(torch.randn(2 * size, size, generator=random, dtype=torch.float64) @ mixing)
    features = torch.randn(samples, size, generator=random, dtype=torch.float64) @ mixing + 0.1
    score = FrechetDistance().scorer(Reference(real), NoOptions())

    seconds: list[float] = []
    for _ in range(TIMES):
        since = time.perf_counter()
        value = score(FeatureSet(features))
        seconds.append(time.perf_counter() - since)
    since = time.perf_counter()
    direct = by_square_root(features, real)
    slow, fast = time.perf_counter() - since, statistics.median(seconds)

    apart = abs(value / direct - 1)
    print(f"Fréchet distance, {samples} samples of {size} features, {torch.get_num_threads()} threads")
    print(f"  symmetric eigenvalues (median of {TIMES}){fast:14.2f} s")
    print(f"  covariance and scipy.linalg.sqrtm{slow:18.2f} s   {slow / fast:6.1f} x")
    print(f"  values {value:.6f} and {direct:.6f}, relative difference {apart:.1e}")
    if not apart <= AGREEMENT:
        sys.exit(f"The two values should agree to {AGREEMENT:.0e}.")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
