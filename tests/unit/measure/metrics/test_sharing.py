"""Metrics that share a batch and a reference do not disturb one another."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from vidgen_bench.api import Curve, FeatureSet, Metric, Reference
from vidgen_bench.host.host import Host
from vidgen_bench.measure.reference.moments import moments_of

EVERY: dict[str, Metric] = {found.name: found.declaration for found in Host.of_environment().of("metric")}

TOGETHER = [metric for metric in EVERY.values() if metric.layer == "fc7"]


def drawn(seed: int, rows: int) -> Tensor:
    x = torch.randn(rows, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return (x + 0.1 * (seed % 7) + 0.5).relu()


def reference(seed: int = 100) -> Reference:
    return Reference(moments_of(drawn(seed, 64)), FeatureSet(drawn(seed, 64)))


def score(metric: Metric, real: Reference, samples: FeatureSet) -> Any:
    found = metric.scorer(real, metric.options())(samples)
    return (found.value, dict(found.at)) if isinstance(found, Curve) else found


def test_the_metrics_of_the_shipped_protocols_are_here() -> None:
    assert set(EVERY) >= {
        "is", "fid", "fvd", "kid", "precision", "recall", "density", "coverage", "nearest", "fid-infinity",
        "is-shuffled", "is-frozen", "fid-shuffled", "fid-frozen", "motion",
    }  # fmt: skip


def test_metrics_that_share_a_batch_score_as_each_does_alone() -> None:
    """One feature set and one reference for all of a layer."""
    alone = {m.name: score(m, reference(), FeatureSet(drawn(1, 48))) for m in TOGETHER}
    for order in (TOGETHER, TOGETHER[::-1]):
        samples, real = FeatureSet(drawn(1, 48)), reference()
        assert {m.name: score(m, real, samples) for m in order} == alone


def test_one_batch_beside_two_references_is_not_confused() -> None:
    samples = FeatureSet(drawn(1, 48))
    for metric in (m for m in EVERY.values() if m.needs):
        assert score(metric, reference(100), samples) != score(metric, reference(101), samples)
