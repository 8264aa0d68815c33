"""The amount of work in a run: what its track's budget and evaluation plan ask for, and what the caches already hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from vidgen_bench.config.budget import Budget
from vidgen_bench.config.track import Track
from vidgen_bench.measure.resolved_protocol import ChosenMetric, ResolvedProtocol
from vidgen_bench.measure.resolved_track import ResolvedTrack

_MOST = 2**62
"""A count of iterations that no run reaches, for budgets beyond every number."""


@dataclass(frozen=True)
class ProtocolWork:
    """The clips that one protocol scores."""

    reference: int
    """Real clips behind the reference statistics; 0 if the cache has them."""
    anchored: bool
    """Whether the cache has the scores of the anchors."""
    batches: int
    samples: int
    """Clips per final batch."""
    views: int
    """Views of the first final batch: as it is, and shuffled or frozen for the metrics that need it."""

    @property
    def passes(self) -> int:
        """Clips that pass through the instrument for the final scores, each view counted."""
        return (self.batches - 1 + self.views) * self.samples

    @property
    def anchor_passes(self) -> int:
        """Clips that pass through the instrument for the anchors: real clips as the final ones, a batch of noise, and one of grey."""
        return 0 if self.anchored else self.passes + self.samples + 1


@dataclass(frozen=True)
class Workload:
    """The work of one run."""

    budget: Budget
    every: int
    samples: int
    """Clips per evaluation."""
    watched_views: int
    main: str
    """The protocol of the evaluations during training."""
    protocols: Mapping[str, ProtocolWork]
    decoding: int
    """Videos to decode; with every column for crops that shift, each counts twice."""
    workers: int
    store_bytes: int
    """Bytes of decoded frames to be written."""

    def evaluations(self, iterations: int) -> int:
        """Return the number of evaluations: one every few iterations, and one at the end."""
        return -(-iterations // self.every)


def iterations_in(budget: Budget, *, seconds: float, clips: float, flops: float) -> int:
    """Return how many iterations a run makes until it reaches the first limit of its budget, at least one.

    Args:
        budget: the limits.
        seconds, clips, flops: cost of one iteration, on one device.
    """
    each = {"iterations": 1.0, "clips": clips, "flops": flops, "device_hours": seconds / 3600.0}
    counts = [
        math.ceil(min(limit / each[kind], float(_MOST)) - 1e-9)
        for kind, limit in budget.limits.items()
        if each[kind] > 0
    ]
    return max(1, min(counts, default=1))


def views_of(metrics: tuple[ChosenMetric, ...]) -> int:
    """Return how often a clip passes through the instrument for these metrics."""
    return len({c.metric.view for c in metrics})


def protocol_work(
    resolved_track: ResolvedTrack, resolved: ResolvedProtocol, *, reference: int, anchored: bool
) -> ProtocolWork:
    """Return the work of one protocol of a track; see :class:`ProtocolWork`."""
    return ProtocolWork(
        reference=reference,
        anchored=anchored,
        batches=resolved_track.batches(resolved),
        samples=resolved.protocol.samples,
        views=views_of(resolved.metrics),
    )


def workload(
    track: Track,
    main: ResolvedProtocol,
    protocols: Mapping[str, ProtocolWork],
    *,
    decoding: int,
    workers: int,
    store_bytes: int,
) -> Workload:
    """Return the work of one run on a track."""
    evaluation = track.evaluation
    return Workload(
        budget=track.budget,
        every=evaluation.every,
        samples=evaluation.samples,
        watched_views=views_of(main.watched),
        main=main.protocol.name,
        protocols=protocols,
        decoding=decoding,
        workers=workers,
        store_bytes=store_bytes,
    )
