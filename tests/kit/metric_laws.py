"""What holds of every metric, whoever wrote it: each law takes a declaration and asserts."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from vidgen_bench.api import Curve, FeatureSet, Metric, Reference
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.reference.moments import moments_of

ROUNDING = 1e-9
SAMPLES, REAL, WIDTH = 48, 64, 6


def drawn(seed: int, rows: int, layer: str) -> Tensor:
    """Return outputs of a layer as an instrument gives them, float64: probabilities in ``prob``, elsewhere numbers from 0."""
    x = torch.randn(rows, WIDTH, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return (2.0 * x).softmax(dim=1) if layer == "prob" else (x + 0.1 * (seed % 7) + 0.5).relu()


def real(metric: Metric, seed: int = 100) -> Reference:
    """Return what the metric needs to know of real clips, and nothing else."""
    x = drawn(seed, REAL, metric.layer)
    moments = moments_of(x) if "moments" in metric.needs else None
    return Reference(moments, FeatureSet(x) if "features" in metric.needs else None)


def values(score: float | Curve) -> dict[str, float]:
    """Return all the numbers of a score by name."""
    return {"": score.value, **score.at} if isinstance(score, Curve) else {"": score}


def scored(metric: Metric, *batches: Tensor) -> list[dict[str, float]]:
    """Return the scores of batches by one scorer with default options."""
    score = metric.scorer(real(metric), metric.options())
    return [values(score(FeatureSet(batch.clone()))) for batch in batches]


def close(a: dict[str, float], b: dict[str, float]) -> bool:
    """Return whether two scores are the same but for rounding."""
    return a.keys() == b.keys() and all(math.isclose(a[k], b[k], rel_tol=ROUNDING, abs_tol=ROUNDING) for k in a)


def gives_finite_numbers(metric: Metric) -> None:
    """A varied and a collapsed batch have scores, and not the same."""
    varied = drawn(1, SAMPLES, metric.layer)
    a, b = scored(metric, varied, varied[:2].repeat(SAMPLES // 2, 1))
    assert all(math.isfinite(v) for v in (*a.values(), *b.values()))
    assert a != b


def is_a_function_of_the_set(metric: Metric) -> None:
    """The order of the samples does not matter."""
    batch = drawn(1, SAMPLES, metric.layer)
    order = torch.randperm(SAMPLES, generator=torch.Generator().manual_seed(5))
    a, b = scored(metric, batch, batch[order])
    assert close(a, b), f"{a} of the samples, {b} of the same in another order"


def keeps_nothing_of_a_batch(metric: Metric) -> None:
    """A batch has the same score whatever was scored before, and whoever read the batch before."""
    first, second = drawn(1, SAMPLES, metric.layer), drawn(2, SAMPLES // 2, metric.layer)
    _, after, again = scored(metric, first, second, second)
    alone = scored(metric, second)[0]
    assert after == again == alone


def leaves_its_input_alone(metric: Metric) -> None:
    """Neither the samples nor the real clips are written to."""
    reference, batch = real(metric), drawn(1, SAMPLES, metric.layer)
    given = batch.clone()
    metric.scorer(reference, metric.options())(FeatureSet(given))
    assert torch.equal(given, batch)
    same = real(metric)
    if reference.clips is not None and same.clips is not None:
        assert torch.equal(reference.clips.features, same.clips.features)
    if reference.moments is not None and same.moments is not None:
        assert torch.equal(reference.moments.covariance, same.moments.covariance)


def passes_nan_on(metric: Metric) -> None:
    """A diverged generator's score is nan: no error, and no number."""
    for wrong in (math.nan, math.inf):
        batch = drawn(1, SAMPLES, metric.layer)
        batch[3, 2] = wrong
        (score,) = scored(metric, batch)
        assert math.isnan(score[""]), f"{score} of a batch with {wrong} in it"


def refuses_in_words(metric: Metric) -> None:
    """One sample gives a number or a reason; a reference that lacks what is needed gives a reason."""
    try:
        (score,) = scored(metric, drawn(1, 1, metric.layer))
    except RequestError as error:
        reason = str(error)
    else:
        reason = "samples" if all(math.isfinite(v) for v in score.values()) else str(score)
    assert "samples" in reason
    if metric.needs:
        with pytest.raises(RequestError, match="the reference has none"):
            metric.scorer(Reference(), metric.options())


LAWS = (
    gives_finite_numbers,
    is_a_function_of_the_set,
    keeps_nothing_of_a_batch,
    leaves_its_input_alone,
    passes_nan_on,
    refuses_in_words,
)
