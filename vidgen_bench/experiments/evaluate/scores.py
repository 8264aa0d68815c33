"""Scores batches of clips under every protocol of a track, with their anchors."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence

import torch

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.experiments.run.recording import Numbers
from vidgen_bench.host.code import MEASURING, code_of
from vidgen_bench.host.host import Host, LoadedPlugin
from vidgen_bench.measure.anchors import Anchors, score_anchors
from vidgen_bench.measure.evaluator import Draw, Evaluator, number, scores_of
from vidgen_bench.measure.reference.clips import RealClips
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol
from vidgen_bench.measure.resolved_track import ResolvedTrack, VideoLocation
from vidgen_bench.records.entries import Score
from vidgen_bench.system.observer import Observer
from vidgen_bench.system.places import cache_folder


def prepare_real_clips(resolved_track: ResolvedTrack, videos: VideoLocation, observer: Observer) -> RealClips:
    """Return the training clips that reference statistics are computed from; videos that are not decoded yet are decoded.

    Raises:
        DataError: the data set is incomplete or damaged.
    """
    store = resolved_track.prepare(videos, observer)
    wide = resolved_track.prepare_wide(videos, store, observer) if resolved_track.shifts else None
    return RealClips(store, wide, resolved_track.track.clip)


def ids_of(resolved: ResolvedProtocol, real: RealClips, changes: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the ids that scores under a protocol will carry, without those of extra metrics."""
    contents = real.contents_hash(resolved)
    return frozenset(resolved.stamp(contents, changes, chosen).id for chosen in resolved.watched)


def measuring_packages(plugins: Iterable[LoadedPlugin]) -> dict[str, str]:
    """Return the packages that score clips with these plugins, with the hashes of their sources."""
    return code_of(plugins, Host.of_environment(), MEASURING).packages


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
    """Return the scores of ``batches(protocol)`` batches under each protocol: clips 0 .. n - 1, n .. 2 n - 1, and so on.

    Raises:
        RequestError: a metric refuses the clips.
        VidgenBenchError: a score is not finite.
    """
    begun = time.monotonic()
    evaluators: list[Evaluator] = []
    refused: dict[str, str] = {}
    scores: dict[str, Score] = {}
    anchors: Anchors = {}
    for resolved in resolved_protocols:
        evaluator = Evaluator(resolved, real, device, cache_folder(), observer, changes)
        evaluators.append(evaluator)
        for name, table in score_anchors(evaluator, resolved_track.batches(resolved), cache_folder(), observer).items():
            anchors.setdefault(name, {}).update(table)
        observer.stage(f"scoring under {resolved.protocol.name}")
        scores |= _scores(evaluator, draw, batches(resolved), observer, refused)
    seconds = time.monotonic() - begun
    return Numbers.of(evaluators, scores, anchors, refused=refused, seconds=seconds)


def _scores(
    evaluator: Evaluator, draw: Draw, batches: int, observer: Observer, refused: dict[str, str]
) -> dict[str, Score]:
    values = evaluator.batches(draw, batches, "scoring", observer, refused=refused)
    for table in values:
        for name, value in table.items():
            if not math.isfinite(number(value)):
                raise VidgenBenchError(f"The {name.upper()} of these clips is {number(value)}, not a finite number.")
    return scores_of(values)
