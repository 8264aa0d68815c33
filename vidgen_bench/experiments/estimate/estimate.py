"""Puts costs per unit and amounts of work together: the time, memory, disk and device-hours of a run."""

from __future__ import annotations

from dataclasses import dataclass

from vidgen_bench.experiments.estimate.amounts import number
from vidgen_bench.experiments.estimate.costs import Costs, ScoringCosts
from vidgen_bench.experiments.estimate.workload import ProtocolWork, Workload, iterations_in
from vidgen_bench.training.trainer import SAVE_SECONDS


@dataclass(frozen=True)
class Part:
    """One stage of a run: how much work it is, and how long it takes."""

    name: str
    amount: str
    seconds: float
    shared: bool = False
    """Whether its result is kept in the cache, so that further seeds and specs do not repeat it."""


@dataclass(frozen=True)
class Estimate:
    """The cost of a run that starts now, on the machine of the probe."""

    parts: tuple[Part, ...]
    iterations: int
    device_hours: float
    memory_bytes: int
    run_bytes: int
    """Disk space of the run folder."""
    cache_bytes: int
    """Disk space that the run adds to the cache."""

    @property
    def seconds(self) -> float:
        """The time of the first run."""
        return sum(part.seconds for part in self.parts)

    @property
    def further_seconds(self) -> float:
        """The time of each further run, for which the cache has everything that runs share."""
        return sum(part.seconds for part in self.parts if not part.shared)


def estimate(work: Workload, costs: Costs) -> Estimate:
    """Return the cost of a run: every amount of work, multiplied by its measured unit."""
    training = costs.training
    iterations = iterations_in(
        work.budget, seconds=training.iteration, clips=training.clips, flops=float(training.flops)
    )
    seconds, evaluations = training.first + iterations * training.iteration, work.evaluations(iterations)
    main = costs.scoring[work.main]
    each = work.samples * (costs.sample + work.watched_views * main.clip) + main.watched
    saves = evaluations + int(seconds / SAVE_SECONDS)
    pairs = [(work.protocols[name], scoring) for name, scoring in costs.scoring.items()]
    references, anchors = sum(p.reference for p, _ in pairs), sum(p.anchor_passes for p, _ in pairs)
    parts = (
        Part("decoding", f"{work.decoding:,} videos", work.decoding * costs.video / work.workers, shared=True),
        Part("reference statistics", f"{references:,} clips", sum(p.reference * s.clip for p, s in pairs), shared=True),
        Part("anchors", f"{anchors:,} clips", sum(_anchors(p, s) for p, s in pairs), shared=True),
        Part("training", f"{number(iterations)} iterations", seconds),
        Part("evaluations", f"{number(evaluations)}, each of {work.samples:,} clips", evaluations * each),
        Part("checkpoints", number(saves), saves * training.save),
        Part("pictures", "2", costs.pictures),
        Part(
            "final scores",
            f"{sum(p.passes for p, _ in pairs):,} clips",
            sum(_final(p, s, costs.sample) for p, s in pairs),
        ),
    )
    return Estimate(
        parts=parts,
        iterations=iterations,
        device_hours=seconds / 3600.0,
        memory_bytes=costs.memory_bytes,
        run_bytes=training.checkpoint_bytes + training.weights_bytes + costs.pictures_bytes,
        cache_bytes=work.store_bytes + sum(s.statistics_bytes for p, s in pairs if p.reference),
    )


def _metrics(work: ProtocolWork, scoring: ScoringCosts) -> float:
    """Return the seconds of the metrics on all final batches."""
    return scoring.first + (work.batches - 1) * scoring.plain


def _anchors(work: ProtocolWork, scoring: ScoringCosts) -> float:
    if work.anchored:
        return 0.0
    return work.anchor_passes * scoring.clip + _metrics(work, scoring) + 2 * scoring.plain


def _final(work: ProtocolWork, scoring: ScoringCosts, sample: float) -> float:
    generated = work.batches * work.samples * sample
    return scoring.once + generated + work.passes * scoring.clip + _metrics(work, scoring)
