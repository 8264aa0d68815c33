"""The Fréchet distance by symmetric eigenvalues against scipy's matrix square root, at the size of the protocols.

At full size scipy takes minutes; ``--quick`` uses 512 samples of 1,024 features.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator

import scipy.linalg
import torch

from benchmarks.tables import Table
from benchmarks.timing import Times, now, spread
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


def tables(quick: bool) -> Iterator[Table]:
    """Yield both times, their ratio, and the difference of the values.

    Raises:
        SystemExit: the values do not agree.
    """
    size, samples = (1024, 512) if quick else (FEATURES, SAMPLES)
    random = torch.Generator().manual_seed(0)
    mixing = torch.randn(size, size, generator=random, dtype=torch.float64) / size**0.5
    real = moments_of(torch.randn(2 * size, size, generator=random, dtype=torch.float64) @ mixing)
    features = torch.randn(samples, size, generator=random, dtype=torch.float64) @ mixing + 0.1
    score = FrechetDistance().scorer(Reference(real), NoOptions())

    ours, theirs = Times(), Times()
    for _ in range(TIMES):
        since = now()
        value = score(FeatureSet(features))
        ours.add(since)
    since = now()
    direct = by_square_root(features, real)
    theirs.add(since)

    apart = abs(value / direct - 1)
    if not apart <= AGREEMENT:
        sys.exit(f"The two values should agree to {AGREEMENT:.0e}, but they are {value:.6f} and {direct:.6f}.")
    processor = statistics.median(ours.processor)
    rows = [
        ("symmetric eigenvalues", spread(ours.wall), 1.0, 1.0),
        (
            "covariance and scipy.linalg.sqrtm",
            spread(theirs.wall),
            theirs.median / ours.median,
            theirs.processor[0] / processor,
        ),
    ]
    title = f"Fréchet distance, {samples:,} samples of {size:,} features, {torch.get_num_threads()} threads"
    note = f"The values agree within {apart:.1e}. Ours: {TIMES} times, scipy: once."
    yield Table(title, ("", "s (range)", "x ours", "x ours, processor time"), rows, note)
