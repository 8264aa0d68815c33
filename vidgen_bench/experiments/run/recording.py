"""Builds the record of a finished run from its plan, its progress and its scores."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import torch

from vidgen_bench.api import Game
from vidgen_bench.config.track import Track
from vidgen_bench.data.store import Store
from vidgen_bench.experiments.run.plan import Plan
from vidgen_bench.latent import count
from vidgen_bench.measure.evaluator import Evaluator
from vidgen_bench.records.entries import (
    Best,
    DataEntry,
    Environment,
    Measured,
    Parameters,
    Score,
    Spent,
    TracePoint,
    TrackEntry,
)
from vidgen_bench.records.record import Record
from vidgen_bench.system.provenance import hardware, libraries, revision
from vidgen_bench.training.progress import Progress
from vidgen_bench.version import __version__


def make_record(
    plan: Plan,
    seed: int,
    store: Store,
    game: Game,
    progress: Progress,
    *,
    evaluators: Sequence[Evaluator],
    refused: Mapping[str, str],
    scores: dict[str, Score],
    anchors: dict[str, dict[str, Score]],
    trace: Sequence[TracePoint],
    device: torch.device,
    world: int,
) -> Record:
    """Return the record; ``scores`` is empty where the run diverged."""
    track = plan.track
    watched = evaluators[0].stamp(samples=track.evaluation.samples)
    stamps = {id: stamp for g in evaluators for id, stamp in g.stamps().items()} | {watched.id: watched}
    return Record(
        schema=2,
        status="diverged" if progress.diverged else "finished",
        spec=str(plan.composition.resolved.spec),
        seed=seed,
        version=__version__,
        track=track_entry(track),
        data=data_entry(track, store),
        protocols=stamps,
        metrics={name: entry for g in evaluators for name, entry in g.entries(refused).items()},
        plugins=plan.plugins,
        options=plan.composition.resolved.settings,
        parameters=_parameters(plan, seed, game),
        environment=environment_entry(device, world),
        spent=Spent(iterations=progress.iteration, clips=progress.clips, flops=progress.flops),
        trace=tuple(trace),
        best=_best(progress.best),
        watched=watched.id,
        scores=scores,
        anchors=anchors,
        witness=tuple(progress.witness),
        measured=_measured(progress, device, world),
    )


def track_entry(track: Track) -> TrackEntry:
    """Return what a record says of its track."""
    return TrackEntry(name=track.name, fingerprint=track.fingerprint, ranked=track.ranked, declared=track.declared)


def data_entry(track: Track, store: Store) -> DataEntry:
    """Return what a record says of the decoded videos."""
    return DataEntry(
        name=track.data.name,
        fingerprint=store.fingerprint,
        train_videos=len(store.train),
        test_videos=len(store.test),
        missing=store.missing,
    )


def environment_entry(device: torch.device, world: int) -> Environment:
    """Return what the last digits of numbers may depend on."""
    return Environment(
        torch=torch.__version__,
        threads=torch.get_num_threads(),
        device=device.type,
        world=world,
        libraries=libraries(device),
    )


def _best(best: Mapping[str, object] | None) -> Best | None:
    return Best.model_validate({k: v for k, v in best.items() if k != "file"}) if best else None


def _parameters(plan: Plan, seed: int, game: Game) -> Parameters:
    temporal, latent = plan.composition.build_temporal(seed), plan.composition.latent
    return Parameters(
        temporal=None if temporal is None else count(temporal),
        own_temporal=latent.parameters if latent else None,
        parts={name: count(part) for name, part in game.parts.items()},
    )


def _measured(progress: Progress, device: torch.device, world: int) -> Measured:
    return Measured(
        started=progress.started,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        train_seconds=round(progress.train_seconds, 3),
        evaluate_seconds=round(progress.evaluate_seconds, 3),
        device_hours=progress.train_seconds * world / 3600.0,
        peak_memory_bytes=progress.peak_memory,
        hardware=hardware(device),
        python=platform.python_version(),
        platform=platform.platform(),
        revision=revision(),
        resumed=progress.resumed,
    )
