"""The features of a metric that reads pixels: float64, finite, and each row of its own clip alone."""

from __future__ import annotations

import torch

from vidgen_bench.conformance.comparison import largest_difference
from vidgen_bench.conformance.metric_subject import MetricSubject, moving_clips
from vidgen_bench.conformance.nonconformance import demand

CLIPS = 5

TOLERANCE = 1e-5
"""The largest difference between two computations of one clip's features, relative to the largest feature."""


def check_features(subject: MetricSubject) -> None:
    """Check the features of clips together, alone, in another order and a second time, and that the clips are left unchanged."""
    clips = moving_clips(2, CLIPS)
    given = clips.clone()
    whole = subject.features_of(given)
    demand(
        torch.equal(given, clips), "expected features() to leave the clips unchanged: it modifies them. Work on a copy."
    )
    wrong = float(1 - whole.isfinite().double().mean())
    demand(wrong == 0.0, f"expected the features of ordinary clips to be finite: {wrong:.1%} are not")
    demand(
        largest_difference(whole[1:], whole[:1].expand(CLIPS - 1, -1)) > 0.0,
        "expected clips that differ to have features that differ: all are the same",
    )
    order = [3, 0, 4, 1, 2]
    ways = {
        "alone": torch.cat([subject.features_of(clip[None].clone()) for clip in clips]),
        "in another order": subject.features_of(clips[order].clone())[[order.index(i) for i in range(CLIPS)]],
        "a second time": subject.features_of(clips.clone()),
    }
    scale = max(1e-30, float(whole.abs().max()))
    for way, found in ways.items():
        apart = largest_difference(found, whole) / scale
        demand(
            apart <= TOLERANCE,
            f"expected a clip to have the same features {way} as in a batch of {CLIPS}: they are {apart:.3g} of the largest away. Row i "
            "may depend on clip i alone: compute nothing over the batch, draw no random numbers, and keep nothing between calls.",
        )
