"""Measures what a run costs: a few training iterations, generated clips, scores and decoded videos, each measured apart.

The probe writes no run folder and no statistics. It leaves what a run would make as well: the videos of a data set that draws its own.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from vidgen_bench.api import Clip, Game
from vidgen_bench.compose.sampling import samples
from vidgen_bench.data.decoding.workers import default_workers
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.locating import locate_videos
from vidgen_bench.data.placed_frames import is_held
from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.estimate.costs import Costs
from vidgen_bench.experiments.estimate.estimate import Estimate, estimate
from vidgen_bench.experiments.estimate.scoring_probe import ScoringProbe
from vidgen_bench.experiments.estimate.stopwatch import Stopwatch
from vidgen_bench.experiments.estimate.training_probe import PlainClips, TrainingProbe
from vidgen_bench.experiments.estimate.videos import Videos, find_videos
from vidgen_bench.experiments.estimate.workload import ProtocolWork, Workload, protocol_work, workload
from vidgen_bench.experiments.pictures.comparison import write_gif, write_png
from vidgen_bench.experiments.run.batch_memory import require_memory
from vidgen_bench.experiments.run.execute import shifting_players
from vidgen_bench.experiments.run.plan import Plan
from vidgen_bench.experiments.run.stages import PICTURED
from vidgen_bench.measure.anchors import anchors_file, shipped_anchors
from vidgen_bench.measure.reference.clips import RealClips, clips_behind
from vidgen_bench.measure.reference.folder import KINDS, ReferenceFolder
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol
from vidgen_bench.measure.shipped import ships
from vidgen_bench.system.batch_size import CHUNK
from vidgen_bench.system.device import choose_device
from vidgen_bench.system.memory import keep_freed_memory, peak_memory
from vidgen_bench.system.observer import Observer
from vidgen_bench.system.places import cache_folder
from vidgen_bench.system.provenance import hardware
from vidgen_bench.system.regular_files import is_there
from vidgen_bench.training.precision import require_precision

_SEED = 0


@dataclass(frozen=True)
class Probed:
    """An estimate with the costs and amounts of work behind it, and the machine that they hold for."""

    estimate: Estimate
    costs: Costs
    work: Workload
    hardware: str
    device: str
    threads: int


def probe(plan: Plan, observer: Observer, clock: Callable[[], float] = time.perf_counter) -> Probed:
    """Return the estimate of a run of this plan on this machine, from a probe.

    Raises:
        RequestError: several processes are started together, the device is missing or lacks the precision, a batch does not fit, or
            the data are missing.
    """
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise RequestError("estimate measures one process. Start it without torchrun, or unset WORLD_SIZE.")
    device = choose_device(plan.request.device)
    require_precision(plan.track.name, plan.track.training.precision, device)
    if device.type == "cpu":
        keep_freed_memory()
    if plan.request.threads is not None:
        torch.set_num_threads(plan.request.threads)
    game = plan.composition.build(_SEED)
    require_memory(game, plan.track.clip.size, 1)
    videos, wide = _videos(plan, game, observer, clock)
    if (
        game.labels is not None
    ):  # a run builds it with the shares of the classes; a batch too large is refused without data
        del game
        game = plan.composition.build(_SEED, videos.class_videos)
    for part in game.parts.values():
        part.to(device)
    costs = _measure(plan, game, videos, wide, Stopwatch(device, clock), observer)
    work = _workload(plan, videos, wide, device)
    return Probed(estimate(work, costs), costs, work, hardware(device), device.type, torch.get_num_threads())


def _measure(
    plan: Plan, game: Game, videos: Videos, wide: Videos | None, watch: Stopwatch, observer: Observer
) -> Costs:
    """Measure each kind of work on the device, training first, as in a run."""
    track, device = plan.track, watch.device
    observer.stage(f"probe: training {plan.composition.resolved} on {device.type}")
    real = PlainClips(track.clip.size, track.clip.classes, device)
    training = TrainingProbe(game, real, _SEED, watch, track.training.precision).measure(observer.progress)
    observer.stage("probe: generating and scoring")
    clips, sample = _generate(game, track.clip, watch)
    pictures, pictures_bytes = _draw(clips[:PICTURED], watch)
    scoring = {}
    for number, resolved in enumerate(plan.resolved_track.protocols):
        watched = 0 if number else track.evaluation.samples
        one = ScoringProbe(resolved, track.clip, videos.train, watch)
        scoring[resolved.protocol.name] = one.measure(clips, watched)
    held = sum(v.bytes for v in (videos, wide) if v and is_held(v.bytes, device))
    return Costs(
        training=training,
        sample=sample,
        pictures=pictures,
        pictures_bytes=pictures_bytes,
        scoring=scoring,
        video=max(videos.seconds, wide.seconds if wide else 0.0),
        memory_bytes=peak_memory(device) + held,
    )


def _videos(plan: Plan, game: Game, observer: Observer, clock: Callable[[], float]) -> tuple[Videos, Videos | None]:
    """Return the videos in the track's geometry and, if crops shift sideways, with every column."""
    resolved_track, request, geometry = plan.resolved_track, plan.request, FrameGeometry.of(plan.track.data)
    cache = cache_folder()
    source = locate_videos(resolved_track.data_set, request.videos, request.splits, observer.progress)

    def found(geometry: FrameGeometry) -> Videos:
        return find_videos(
            source,
            split=plan.track.data.split,
            geometry=geometry,
            cache=cache,
            allow_missing=request.allow_missing,
            report=observer.progress,
            clock=clock,
        )

    shifts = geometry.spare and (resolved_track.shifts or shifting_players(game))
    return found(geometry), found(geometry.whole_columns) if shifts else None


def _generate(game: Game, clip: Clip, watch: Stopwatch) -> tuple[Tensor, float]:
    """Return generated clips on the CPU, and the seconds per clip."""

    def work() -> list[Tensor]:
        return list(samples(game, _SEED, "final", range(CHUNK), clip.grid, watch.device))

    clips = torch.cat(work()).cpu()
    return clips, watch.typical(work, least=2, most=5, enough=1.0) / CHUNK


def _draw(clips: Tensor, watch: Stopwatch) -> tuple[float, int]:
    """Return the seconds and the bytes of the pictures of a run, drawn into a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="vidgen-bench-estimate-") as folder:
        gif, png = Path(folder) / "samples.gif", Path(folder) / "samples.png"

        def work() -> None:
            write_gif(gif, clips, clips)
            write_png(png, clips, clips)

        return watch.seconds(work), gif.stat().st_size + png.stat().st_size


def _workload(plan: Plan, videos: Videos, wide: Videos | None, device: torch.device) -> Workload:
    resolved_track, undecoded = plan.resolved_track, [v for v in (videos, wide) if v is not None and v.store is None]
    return workload(
        plan.track,
        resolved_track.main,
        {m.protocol.name: _protocol_work(plan, m, videos, wide, device) for m in resolved_track.protocols},
        decoding=sum(v.train + v.test for v in undecoded),
        workers=min(plan.request.workers or default_workers(), default_workers()),
        store_bytes=sum(v.bytes for v in undecoded),
    )


def _protocol_work(
    plan: Plan, resolved: ResolvedProtocol, videos: Videos, wide: Videos | None, device: torch.device
) -> ProtocolWork:
    """Return the work of one protocol, less what the cache or the package already has."""
    resolved_track, cache = plan.resolved_track, cache_folder()
    needed = {kind for kind in KINDS for c in resolved.metrics if kind in c.metric.needs}
    anchored = False
    wide_store = wide.store if wide is not None and resolved_track.shifts else None
    if videos.store is not None and (wide_store is not None or not resolved_track.shifts):
        real = RealClips(videos.store, wide_store, plan.track.clip)
        folder = ReferenceFolder(cache, resolved, real, device)
        needed = {kind for kind in needed if folder.to_compute(kind)}
        key = (resolved, real, device, resolved_track.batches(resolved))
        anchored = is_there(anchors_file(*key, cache)) or ships(shipped_anchors(*key))
    reference = sum(clips_behind(resolved, kind, videos.train) for kind in needed)
    return protocol_work(resolved_track, resolved, reference=reference, anchored=anchored)
