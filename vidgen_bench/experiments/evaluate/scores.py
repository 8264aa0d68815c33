"""Batches of clips under every measure of a bench, between their anchors."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from vidgen_bench.config.protocol import Stamp
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.measure.anchors import Anchors, anchors
from vidgen_bench.measure.evaluator import Draw, Gauge, number, scores_of
from vidgen_bench.measure.reference.clips import RealClips
from vidgen_bench.measure.resolved_protocol import Measure
from vidgen_bench.measure.resolved_track import Bench, Videos
from vidgen_bench.records.entries import MetricEntry, Score
from vidgen_bench.system.observer import Observer
from vidgen_bench.system.places import cache_folder


@dataclass(frozen=True)
class Numbers:
    """All that was measured."""

    stamps: dict[str, Stamp]
    metrics: dict[str, MetricEntry]
    scores: dict[str, Score]
    anchors: Anchors
    seconds: float

    @property
    def ids(self) -> frozenset[str]:
        """Of every score."""
        return frozenset(self.metrics[name].protocol for name in self.scores)


def real_clips(bench: Bench, videos: Videos, observer: Observer) -> RealClips:
    """Return the training clips that reference statistics are of, decoding what is not decoded yet.

    Raises:
        DataError: the data are not what they should be.
    """
    store = bench.prepare(videos, observer)
    wide = bench.prepare_wide(videos, store, observer) if bench.shifts else None
    return RealClips(store, wide, bench.track.clip)


def ids_of(measure: Measure, real: RealClips, changes: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the ids that the numbers of a measure will have, those of extra metrics left out."""
    part = real.real(measure)
    return frozenset(measure.stamp(part, changes, chosen).id for chosen in measure.main)


def measured(
    bench: Bench,
    measures: Sequence[Measure],
    real: RealClips,
    draw: Draw,
    batches: Callable[[Measure], int],
    device: torch.device,
    observer: Observer,
    changes: tuple[str, ...] = (),
) -> Numbers:
    """Return the scores of ``batches(measure)`` batches of each measure: of clips 0 .. n - 1, n .. 2 n - 1 and so on.

    Raises:
        RequestError: a metric refuses the clips.
        VidgenBenchError: a score is not finite.
    """
    begun = time.monotonic()
    stamps: dict[str, Stamp] = {}
    entries: dict[str, MetricEntry] = {}
    scores: dict[str, Score] = {}
    found: Anchors = {}
    for measure in measures:
        gauge = Gauge(measure, real, device, cache_folder(), observer, changes)
        for name, table in anchors(gauge, bench.batches(measure), cache_folder(), observer).items():
            found.setdefault(name, {}).update(table)
        observer.stage(f"scoring by {measure.protocol.name}")
        refused: dict[str, str] = {}
        scores |= _scores(gauge, draw, batches(measure), observer, refused)
        entries |= gauge.entries(refused)
        stamps |= gauge.stamps()
    return Numbers(stamps, entries, scores, found, time.monotonic() - begun)


def _scores(gauge: Gauge, draw: Draw, batches: int, observer: Observer, refused: dict[str, str]) -> dict[str, Score]:
    values = gauge.batches(draw, batches, "scoring", observer, refused=refused)
    for table in values:
        for name, value in table.items():
            if not math.isfinite(number(value)):
                raise VidgenBenchError(f"The {name.upper()} of these clips is {number(value)}, not a finite number.")
    return scores_of(values)
