"""A score is a finite number that tells batches apart and leaves its input unchanged."""

from __future__ import annotations

import math

import torch

from vidgen_bench.api import FeatureSet
from vidgen_bench.conformance.metric_subject import MetricSubject
from vidgen_bench.conformance.nonconformance import demand


def check_scores(subject: MetricSubject) -> None:
    """Check the scores of a varied batch and of one that repeats two clips, and what the scorer leaves behind."""
    batch = subject.batch
    collapsed = batch[:2].repeat(subject.samples // 2, 1)
    varied, repeated = subject.scores(batch, collapsed)
    for what, score in (("a varied batch", varied), ("a batch of two clips, repeated", repeated)):
        demand(
            all(math.isfinite(value) for value in score.values()),
            f"expected finite numbers as the score of {what}: {_shown(score)}",
        )
    demand(
        varied != repeated,
        f"expected a varied batch and two of its clips, repeated, to have different scores: both have {_shown(varied)}",
    )
    _check_inputs(subject)


def _check_inputs(subject: MetricSubject) -> None:
    reference, same, given = subject.reference(), subject.reference(), subject.batch.clone()
    subject.metric.scorer(reference, subject.options)(FeatureSet(given))
    demand(torch.equal(given, subject.batch), "expected the samples to be left unchanged: the scorer modifies them")
    pairs = []
    if reference.clips is not None and same.clips is not None:
        pairs.append((reference.clips.features, same.clips.features))
    if reference.moments is not None and same.moments is not None:
        pairs += [
            (reference.moments.mean, same.moments.mean),
            (reference.moments.covariance, same.moments.covariance),
        ]
    demand(
        all(torch.equal(a, b) for a, b in pairs),
        "expected the statistics of real clips to be left unchanged, since other metrics share them: the scorer modifies them",
    )


def _shown(score: dict[str, float]) -> str:
    return ", ".join(f"{name or 'score'} {value:.6g}" for name, value in score.items())
