"""One run, end to end: data, reference and anchors, training, the best checkpoint, final scores, the record, pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import torch

from vidgen_bench.anchors import anchors, reference_moments
from vidgen_bench.api import Game
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.prepare import prepare
from vidgen_bench.data.sampler import ClipSampler
from vidgen_bench.data.store import Store
from vidgen_bench.device import choose_device
from vidgen_bench.errors import DataError, PluginError
from vidgen_bench.evaluation import Meter, Scorer, samples
from vidgen_bench.gallery import write_gif, write_png
from vidgen_bench.places import cache_folder
from vidgen_bench.plan import Plan
from vidgen_bench.recording import make_record
from vidgen_bench.records import Record, Score, write_record
from vidgen_bench.run_folder import RunFolder
from vidgen_bench.training.distributed import Process
from vidgen_bench.training.interrupt import Interrupt
from vidgen_bench.training.memory import keep_freed_memory
from vidgen_bench.training.observer import Interruptible, Observer
from vidgen_bench.training.trainer import Rule, Trainer

PICTURED = 16
"""Clips in the GIF; the PNG shows the first eight."""


@dataclass(frozen=True)
class Outcome:
    """A finished run: its folder, its record, and whether it had been finished before."""

    folder: RunFolder
    record: Record
    already: bool


def prepare_data(plan: Plan, observer: Observer, geometry: FrameGeometry | None = None) -> Store:
    """Return the decoded clips of the plan's data set, decoding what is not decoded yet; the track's geometry is the default.

    Raises:
        DataError: the data are not what they should be, or have another number of classes than the track says.
    """
    request, track = plan.request, plan.track
    source = plan.data_set.locate(request.videos, request.splits, cache_folder(), observer.progress)
    store = prepare(
        source,
        split=track.data.split,
        geometry=geometry or track.data.geometry,
        clip_frames=track.clip.frames,
        cache=cache_folder(),
        allow_missing=request.allow_missing,
        workers=request.workers,
        report=observer.progress,
    )
    if len(store.classes) != track.clip.classes:
        raise DataError(
            f"The data have {len(store.classes)} classes, but the track {track.name} says clip.classes = {track.clip.classes}."
        )
    return store


def prepare_wide(plan: Plan, game: Game, store: Store, observer: Observer) -> Store | None:
    """Return the same videos with every column where some player's feed shifts its crop sideways, else None.

    Only training reads them; what is measured stays the track's crop.

    Raises:
        PluginError: the track's crop takes every column and cannot move, and the backbone did not refuse that.
    """
    shifting = [p.name for p in game.players if p.feed and "shift-x" in p.feed.augment]
    if not shifting:
        return None
    geometry = plan.track.data.geometry
    if not geometry.spare:
        raise PluginError(
            f"The player {shifting[0]!r} of {plan.composition.backbone.name} shifts its clips sideways (augment shift-x), but the crop of "
            f"the track {plan.track.name} takes every column; the backbone must refuse a clip with spare = 0."
        )
    size = store.index.bytes * geometry.columns / geometry.width / 1e9
    observer.stage(f"videos with every column, for crops that move ({size:.1f} GB beside the others)")
    return prepare_data(plan, observer, geometry.whole_columns)


def execute(plan: Plan, seed: int, observer: Observer) -> Outcome:
    """Run one seed of a plan, or take it up where it was left; a finished run is only read.

    Raises:
        Interrupted: Ctrl-C; everything is saved.
        VidgenBenchError: the text says what to do.
    """
    device = choose_device(plan.request.device)
    if device.type == "cpu":
        keep_freed_memory()
    folder = plan.folder(seed)
    with ExitStack() as stack:
        process = Process.of_environment(device)
        store = process.first(lambda: prepare_data(plan, observer)) or prepare_data(plan, Observer())
        identity = plan.identity(seed, store.fingerprint)
        process.first(lambda: stack.enter_context(folder.locked()))
        before = folder.request()
        if process.agree(before is not None and folder.record_path.exists()):
            folder.claim(identity)
            record = folder.record()
            assert record is not None
            return Outcome(folder, record, already=True)
        threads = plan.request.threads or (before["environment"]["threads"] if before else torch.get_num_threads())
        torch.set_num_threads(threads)
        interrupt = stack.enter_context(Interrupt())
        watched = Interruptible(observer, interrupt)
        game = _on(device, plan.composition.build(seed))
        wide = process.first(lambda: prepare_wide(plan, game, store, watched)) or prepare_wide(
            plan, game, store, Observer()
        )
        environment = plan.environment(device.type, process.world, threads)
        if wide is not None:
            environment["videos with every column"] = wide.fingerprint
        process.first(lambda: folder.claim({**identity, "environment": environment}))
        return _Run(plan, seed, folder, store, wide, game, device, process, watched, interrupt).finish()


class _Run:
    """What the stages of one run share."""

    def __init__(
        self,
        plan: Plan,
        seed: int,
        folder: RunFolder,
        store: Store,
        wide: Store | None,
        game: Game,
        device: torch.device,
        process: Process,
        observer: Observer,
        interrupt: Interrupt,
    ) -> None:
        self._plan, self._seed, self._folder, self._store, self._wide = plan, seed, folder, store, wide
        self._game, self._device, self._process, self._observer = game, device, process, observer
        self._metrics = plan.metrics
        self._trainer = self._make_trainer(interrupt)

    def _make_trainer(self, interrupt: Interrupt) -> Trainer:
        plan, evaluation = self._plan, self._plan.track.evaluation
        better = next(m.better for m in self._metrics if m.name == evaluation.select)
        return Trainer(
            self._game,
            ClipSampler(self._store, "train", self._seed, self._device, self._wide),
            Rule(plan.track.budget, evaluation.every, evaluation.select, better),
            lambda iteration: self._scores(f"evaluate-{iteration}", 0, evaluation.samples),
            seed=self._seed,
            folder=self._folder.path,
            device=self._device,
            process=self._process,
            observer=self._observer,
            interrupt=interrupt,
        )

    def finish(self) -> Outcome:
        """Measure what is real, train, measure what was made, and write it down."""
        self._process.first(self._measure_what_is_real)
        self._observer.stage(f"training {self._plan.composition.resolved} on {self._device.type}")
        progress = self._trainer.run()
        outcome = self._process.first(lambda: self._write(progress.diverged))
        if outcome is None:
            record = self._folder.record()
            assert record is not None
            outcome = Outcome(self._folder, record, already=False)
        return outcome

    def _measure_what_is_real(self) -> None:
        plan, track, store = self._plan, self._plan.track, self._store
        self._meter = Meter(plan.instrument.build().eval().to(self._device), self._metrics, self._device)
        shared = (self._meter, plan.measured_by)
        moments = reference_moments(
            *shared, store, track.clip, track.evaluation.reference.passes, cache_folder(), self._observer
        )
        self._scorer = Scorer(self._metrics, moments)
        self._anchors = anchors(
            *shared, self._scorer, store, track.clip, track.evaluation, cache_folder(), self._observer
        )

    def _scores(self, purpose: str, start: int, count: int) -> dict[str, float]:
        """Score the samples start .. start + count - 1 of a purpose."""

        def counted() -> Iterator[torch.Tensor]:
            done = 0
            for clips in samples(
                self._game, self._seed, purpose, range(start, start + count), self._plan.track.clip.grid, self._device
            ):
                yield clips
                done += len(clips)
                self._observer.progress(f"scoring {purpose}", done, count)

        return self._scorer(self._meter.features(counted()))

    def _write(self, diverged: bool) -> Outcome:
        """Score the best checkpoint, write pictures, then the record: with it the run is finished."""
        final: dict[str, Score] = {}
        if not diverged:
            self._observer.stage("scoring the best checkpoint")
            self._trainer.load_best()
            rule = self._plan.track.evaluation.final
            batches = [self._scores("final", b * rule.samples, rule.samples) for b in range(rule.batches)]
            self._trainer.progress.diverged = not all(math.isfinite(v) for scores in batches for v in scores.values())
            if not self._trainer.progress.diverged:
                final = {m.name: Score.of([scores[m.name] for scores in batches]) for m in self._metrics}
            self._picture()
        record = make_record(
            self._plan,
            self._seed,
            self._store,
            self._game,
            self._trainer.progress,
            scores=final,
            anchors=self._anchors,
            trace=self._folder.trace(),
            device=self._device,
            world=self._process.world,
        )
        write_record(self._folder.record_path, record)
        return Outcome(self._folder, record, already=False)

    def _picture(self) -> None:
        track = self._plan.track
        made = torch.cat(list(samples(self._game, self._seed, "final", range(PICTURED), track.clip.grid, self._device)))
        indices = torch.arange(PICTURED)
        real = (
            ClipSampler(self._store, "train", self._seed, "cpu").evaluation("picture", indices, track.clip.frames).clips
        )
        write_gif(self._folder.path / "samples.gif", made, real)
        write_png(self._folder.path / "samples.png", made, real)


def _on(device: torch.device, game: Game) -> Game:
    """Move every part to the device, in place: players keep their parameters."""
    for part in game.parts.values():
        part.to(device)
    return game
