"""Builds records: of a run, of a run that is scored again, and of external clips, all through :func:`build_record`."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import torch

from vidgen_bench.api import Game
from vidgen_bench.config.protocol import Stamp
from vidgen_bench.config.track import Track
from vidgen_bench.data.store import Store
from vidgen_bench.experiments.run.plan import Plan
from vidgen_bench.latent import count
from vidgen_bench.measure.anchors import Anchors
from vidgen_bench.measure.evaluator import Evaluator
from vidgen_bench.records import entries
from vidgen_bench.records.code import AcceptedChange, CodeEntry
from vidgen_bench.records.migration import SCHEMA
from vidgen_bench.records.record import Record
from vidgen_bench.system.provenance import hardware, libraries, revision
from vidgen_bench.system.waiting import wait_policy
from vidgen_bench.training.progress import Progress
from vidgen_bench.version import __version__


@dataclass(frozen=True)
class Numbers:
    """The scores of one subject under every protocol, with their ids and their anchors."""

    stamps: dict[str, Stamp]
    metrics: dict[str, entries.MetricEntry]
    scores: dict[str, entries.Score]
    anchors: Anchors
    diverged: bool = False
    """Whether training diverged, or a watched score of the final samples is not finite; ``scores`` is then empty."""
    seconds: float = 0.0
    """Time spent on scoring."""

    @classmethod
    def of(
        cls,
        evaluators: Iterable[Evaluator],
        scores: dict[str, entries.Score],
        anchors: Anchors,
        *,
        refused: Mapping[str, str] | None = None,
        diverged: bool = False,
        seconds: float = 0.0,
    ) -> Numbers:
        """Return the scores with the stamps and metric entries of the evaluators; ``refused`` maps a metric to its reason."""
        evaluators = list(evaluators)
        stamps = {id: stamp for e in evaluators for id, stamp in e.stamps().items()}
        metrics = {name: entry for e in evaluators for name, entry in e.entries(refused or {}).items()}
        return cls(stamps, metrics, scores, anchors, diverged, seconds)

    @property
    def ids(self) -> frozenset[str]:
        """The protocol ids of all scores."""
        return frozenset(self.metrics[name].protocol for name in self.scores)


@dataclass(frozen=True)
class Training:
    """How the scored model was made; the defaults describe external clips, which were not trained here."""

    options: dict[str, entries.Setting] = field(default_factory=dict)
    parameters: entries.Parameters = field(default_factory=lambda: entries.Parameters(temporal=None, parts={}))
    spent: entries.Spent = field(default_factory=lambda: entries.Spent(iterations=0, clips=0, flops=0.0))
    trace: tuple[entries.TracePoint, ...] = ()
    best: entries.Best | None = None
    watched: Stamp | None = None
    """The protocol of the scores in ``trace`` and ``best``."""
    witness: tuple[str, ...] = ()
    model: entries.ModelEntry = field(default_factory=entries.ModelEntry)
    hashes: entries.Hashes | None = None
    """Of the run's own samples and checkpoint; None unless it is finished."""

    @classmethod
    def of_record(cls, record: Record) -> Training:
        """Return how a recorded run was trained."""
        watched = record.protocols[record.watched] if record.watched is not None else None
        fields = (record.options, record.parameters, record.spent, record.trace, record.best)
        return cls(*fields, watched, record.witness, record.model, record.hashes)


def build_record(
    status: Literal["finished", "diverged", "external"],
    spec: str,
    *,
    track: entries.TrackEntry,
    data: entries.DataEntry,
    numbers: Numbers,
    plugins: Sequence[entries.PluginEntry],
    environment: entries.Environment,
    measured: entries.Measured,
    seed: int = 0,
    training: Training | None = None,
    external: entries.ExternalEntry | None = None,
    code: CodeEntry | None = None,
    version: str = __version__,
) -> Record:
    """Return a validated record.

    Raises:
        pydantic.ValidationError: the parts contradict each other, which is a defect of the caller.
    """
    training = training or Training()
    watched = {training.watched.id: training.watched} if training.watched else {}
    return Record(
        schema=SCHEMA,
        status=status,
        spec=spec,
        seed=seed,
        version=version,
        track=track,
        data=data,
        protocols=numbers.stamps | watched,
        plugins=tuple(plugins),
        model=training.model,
        code=code or CodeEntry(),
        options=training.options,
        parameters=training.parameters,
        environment=environment,
        spent=training.spent,
        trace=training.trace,
        best=training.best,
        watched=training.watched.id if training.watched else None,
        external=external,
        metrics=numbers.metrics,
        scores=numbers.scores,
        anchors=numbers.anchors,
        hashes=training.hashes,
        witness=training.witness,
        measured=measured,
    )


def record_of_run(
    plan: Plan,
    seed: int,
    store: Store,
    game: Game,
    progress: Progress,
    numbers: Numbers,
    *,
    watched: Stamp,
    trace: Sequence[entries.TracePoint],
    hashes: entries.Hashes | None,
    device: torch.device,
    world: int,
) -> Record:
    """Return the record of a run that is over; ``watched`` is the protocol of the scores in its trace."""
    resolved = plan.composition.resolved
    training = Training(
        resolved.settings,
        _parameters(plan, seed, game),
        entries.Spent(iterations=progress.iteration, clips=progress.clips, flops=progress.flops),
        tuple(trace),
        _best(progress.best),
        watched,
        tuple(progress.witness),
        entries.ModelEntry(
            conditional=game.labels is not None,
            reconstruction=plan.composition.backbone.reconstruction,
            null=plan.composition.temporal is not None and plan.composition.temporal.null,
        ),
        None if numbers.diverged else hashes,
    )
    return build_record(
        "diverged" if numbers.diverged else "finished",
        str(resolved.spec),
        track=track_entry(plan.track),
        data=data_entry(plan.track, store),
        numbers=numbers,
        plugins=plan.plugins,
        environment=environment_entry(device, world),
        measured=entries.Measured(
            started=progress.started,
            finished=now(),
            train_seconds=round(progress.train_seconds, 3),
            evaluate_seconds=round(progress.evaluate_seconds, 3),
            device_hours=progress.train_seconds * world / 3600.0,
            peak_memory_bytes=progress.peak_memory,
            hardware=hardware(device),
            resumed=progress.resumed,
            **machine(),
        ),
        seed=seed,
        training=training,
        code=CodeEntry(
            packages=(plan.further_code | plan.code).packages,
            accepted=tuple(AcceptedChange.model_validate(change) for change in progress.changes),
        ),
    )


def track_entry(track: Track) -> entries.TrackEntry:
    """Return a track as a record keeps it."""
    return entries.TrackEntry(
        name=track.name,
        fingerprint=track.fingerprint,
        ranked=track.ranked,
        seeds=track.ranking.seeds,
        declared=track.declared,
    )


def data_entry(track: Track, store: Store) -> entries.DataEntry:
    """Return the decoded videos as a record keeps them."""
    return entries.DataEntry(
        name=track.data.name,
        fingerprint=store.fingerprint,
        train_videos=len(store.train),
        test_videos=len(store.test),
        missing=store.missing,
    )


def environment_entry(device: torch.device, world: int) -> entries.Environment:
    """Return the versions and settings that may change the last digits of scores."""
    return entries.Environment(
        torch=torch.__version__,
        threads=torch.get_num_threads(),
        device=device.type,
        world=world,
        libraries=libraries(device),
    )


def machine() -> dict[str, Any]:
    """Return the fields of :class:`Measured` that describe this process's software."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "revision": revision(),
        "waiting": wait_policy(),
    }


def now() -> str:
    """Return the time in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _best(best: Mapping[str, object] | None) -> entries.Best | None:
    return entries.Best.model_validate({k: best[k] for k in entries.Best.model_fields}) if best else None


def _parameters(plan: Plan, seed: int, game: Game) -> entries.Parameters:
    temporal, latent = plan.composition.build_temporal(seed), plan.composition.latent
    return entries.Parameters(
        temporal=None if temporal is None else count(temporal),
        own_temporal=latent.parameters if latent else None,
        parts={name: count(part) for name, part in game.parts.items()},
    )
