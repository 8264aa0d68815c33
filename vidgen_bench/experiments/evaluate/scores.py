"""Batches of clips under every measure of a bench, between their anchors."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from vidgen_bench.config.protocol import Stamp
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.measure.anchors import Anchors, score_anchors
from vidgen_bench.measure.evaluator import Draw, Evaluator, number, scores_of
from vidgen_bench.measure.reference.clips import RealClips
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol
from vidgen_bench.measure.resolved_track import ResolvedTrack, VideoLocation
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


def prepare_real_clips(resolved_track: ResolvedTrack, videos: VideoLocation, observer: Observer) -> RealClips:
    """Return the training clips that reference statistics are of, decoding what is not decoded yet.

    Raises:
        DataError: the data are not what they should be.
    """
    store = resolved_track.prepare(videos, observer)
    wide = resolved_track.prepare_wide(videos, store, observer) if resolved_track.shifts else None
    return RealClips(store, wide, resolved_track.track.clip)


def ids_of(resolved: ResolvedProtocol, real: RealClips, changes: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the ids that the numbers of a measure will have, those of extra metrics left out."""
    part = real.contents_hash(resolved)
    return frozenset(resolved.stamp(part, changes, chosen).id for chosen in resolved.watched)


def score_clips(
    resolved_track: ResolvedTrack,
    resolved_protocols: Sequence[ResolvedProtocol],
    real: RealClips,
    draw: Draw,
    batches: Callable[[ResolvedProtocol], int],
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
    for resolved in resolved_protocols:
        evaluator = Evaluator(resolved, real, device, cache_folder(), observer, changes)
        for name, table in score_anchors(evaluator, resolved_track.batches(resolved), cache_folder(), observer).items():
            found.setdefault(name, {}).update(table)
        observer.stage(f"scoring by {resolved.protocol.name}")
        refused: dict[str, str] = {}
        scores |= _scores(evaluator, draw, batches(resolved), observer, refused)
        entries |= evaluator.entries(refused)
        stamps |= evaluator.stamps()
    return Numbers(stamps, entries, scores, found, time.monotonic() - begun)


def _scores(
    evaluator: Evaluator, draw: Draw, batches: int, observer: Observer, refused: dict[str, str]
) -> dict[str, Score]:
    values = evaluator.batches(draw, batches, "scoring", observer, refused=refused)
    for table in values:
        for name, value in table.items():
            if not math.isfinite(number(value)):
                raise VidgenBenchError(f"The {name.upper()} of these clips is {number(value)}, not a finite number.")
    return scores_of(values)
