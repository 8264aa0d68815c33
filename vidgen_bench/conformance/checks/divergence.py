"""A model that has diverged gets no score: what is not finite in a clip makes the score nan."""

from __future__ import annotations

import math

from torch import Tensor

from vidgen_bench.conformance.metric_subject import MetricSubject, moving_clips
from vidgen_bench.conformance.nonconformance import demand


def check_divergence(subject: MetricSubject) -> None:
    """Check a batch with nan, and one with infinity, in one clip."""
    for wrong in (math.nan, math.inf):
        (score,) = subject.scores(_spoilt(subject, wrong))
        demand(
            math.isnan(score[""]),
            f"expected the score of a batch with {wrong} in one clip to be nan: it is {score['']:.6g}. A model that has diverged must "
            "not get a number.",
        )


def _spoilt(subject: MetricSubject, wrong: float) -> Tensor:
    if not subject.reads_pixels:
        batch = subject.batch.clone()
        batch[3, 2] = wrong
        return batch
    clips = moving_clips(1, subject.samples)
    clips[3, 1, 4, 20, 30] = wrong
    found = subject.features_of(clips)
    demand(
        not bool(found[3].isfinite().all()),
        f"expected the features of a clip with {wrong} in a pixel not to be finite: all {found.shape[1]} are",
    )
    return found
