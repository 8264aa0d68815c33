"""A metric refuses in words what it cannot score: too few samples, or a reference without what it needs."""

from __future__ import annotations

import math

from vidgen_bench.api import Reference
from vidgen_bench.conformance.metric_subject import MetricSubject
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.errors import RequestError


def check_needs(subject: MetricSubject) -> None:
    """Check the score of a single sample, and a scorer without statistics of real clips."""
    try:
        (score,) = subject.scores(subject.batch[:1])
    except RequestError as error:
        demand(
            "sample" in str(error),
            f"expected the refusal of a single sample to speak of samples: it says {str(error)!r}",
        )
    else:
        demand(
            all(math.isfinite(value) for value in score.values()),
            f"expected a finite score of a single sample, or a RequestError that says how many samples it needs: it is {score['']:.6g}",
        )
    if not subject.metric.needs - {"clips"}:
        return
    try:
        subject.metric.scorer(Reference(), subject.options)
    except RequestError:
        return
    demand(
        False,
        "expected scorer() to raise RequestError for a reference that lacks what `needs` lists: it raises nothing",
    )
