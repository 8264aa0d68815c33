"""The temporal check: the same scores under another name and view."""

from __future__ import annotations

import pytest
import torch

from vidgen_bench.api import FeatureSet, NoOptions, Reference
from vidgen_bench.host.declarations import complete, fault
from vidgen_bench.measure.metrics.frechet_distance import FrechetDistance
from vidgen_bench.measure.metrics.inception_score import InceptionScore, InceptionScoreOptions
from vidgen_bench.measure.metrics.temporal_check import vidgen_metrics
from vidgen_bench.measure.reference.moments import moments_of

CHECKS = {check.name: complete("metric", check) for check in vidgen_metrics()}


def drawn(seed: int) -> torch.Tensor:
    return torch.randn(40, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("view", ["shuffled", "frozen"])
def test_the_checks_are_the_scores_themselves(view: str) -> None:
    inception, frechet = CHECKS[f"is-{view}"], CHECKS[f"fid-{view}"]
    p, options = drawn(1).softmax(dim=1), InceptionScoreOptions(epsilon=0.1, added="to-probabilities", splits=4)
    expected = InceptionScore().scorer(Reference(), options)(FeatureSet(p))
    assert inception.scorer(Reference(), options)(FeatureSet(p)) == expected
    real = Reference(moments_of(drawn(2)))
    expected = FrechetDistance().scorer(real, NoOptions())(FeatureSet(drawn(1)))
    assert frechet.scorer(real, NoOptions())(FeatureSet(drawn(1))) == expected


def test_the_declarations_of_the_checks() -> None:
    assert list(CHECKS) == ["is-shuffled", "is-frozen", "fid-shuffled", "fid-frozen"]
    for name, check in CHECKS.items():
        assert fault("metric", check) is None
        assert check.view == name.rpartition("-")[2]
        assert check.better == "neither"
    assert CHECKS["is-frozen"].options is InceptionScoreOptions
    assert CHECKS["fid-frozen"].needs == {"moments"}
    assert CHECKS["fid-shuffled"].layer == "fc7"
    assert [CHECKS[n].caveat(2048, 4096) for n in ("is-frozen", "fid-frozen")] == ["", "rank-deficient"]
    assert CHECKS["fid-frozen"].title == "FID frozen"
