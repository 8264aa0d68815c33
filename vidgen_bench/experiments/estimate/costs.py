"""What a probe measures: the cost of one unit of each kind of work in a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingCosts:
    """The cost of one training iteration and of one checkpoint."""

    iteration: float
    """Seconds of all turns of all players, and of what follows every few iterations, spread over them."""
    first: float
    """Seconds by which the first iteration is longer: it counts operations, and libraries prepare themselves."""
    clips: int
    """Real clips per iteration, as a budget counts them."""
    flops: int
    """Floating-point operations per iteration, as a budget counts them."""
    save: float
    """Seconds to pack the checkpoint that resumes a run."""
    checkpoint_bytes: int
    weights_bytes: int


@dataclass(frozen=True)
class ScoringCosts:
    """The cost of scoring under one protocol."""

    clip: float
    """Seconds of the instrument per clip and view."""
    watched: float
    """Seconds of the watched metrics on the samples of one evaluation; 0 for protocols that only score the final samples."""
    first: float
    """Seconds of all metrics on the first final batch."""
    plain: float
    """Seconds of the metrics that see clips as they are, on one of the other batches."""
    once: float
    """Seconds of what depends on the reference statistics alone."""
    statistics_bytes: int
    """Size of the reference statistics on disk."""


@dataclass(frozen=True)
class Costs:
    """Everything that one probe measured."""

    training: TrainingCosts
    sample: float
    """Seconds per generated clip."""
    scoring: Mapping[str, ScoringCosts]
    """By the name of the protocol."""
    pictures: float
    """Seconds of the pictures of a run."""
    pictures_bytes: int
    video: float
    """Seconds of one decoding process per video; 0 if all videos are decoded already."""
    memory_bytes: int
    """Peak memory of the probe, and of a GPU that keeps the decoded videos their size."""
