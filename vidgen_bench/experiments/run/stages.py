"""The stages of one run: anchors, training, final scores, pictures, record."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch

from vidgen_bench.api import Game
from vidgen_bench.compose.sampling import samples
from vidgen_bench.data.sampler import ClipSampler
from vidgen_bench.data.store import Store
from vidgen_bench.experiments.pictures.comparison import write_gif, write_png
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.run.hashes import Draw, HashedSamples, checkpoint_hash
from vidgen_bench.experiments.run.owner import Ownership
from vidgen_bench.experiments.run.plan import Plan
from vidgen_bench.experiments.run.recording import Numbers, record_of_run
from vidgen_bench.experiments.run.status import State
from vidgen_bench.experiments.run.status_writer import StatusWriter
from vidgen_bench.measure.anchors import Anchors, score_anchors
from vidgen_bench.measure.evaluator import Evaluator, number, scores_of
from vidgen_bench.measure.reference.clips import RealClips
from vidgen_bench.measure.reference.statistics import counted
from vidgen_bench.records.entries import Hashes, Score
from vidgen_bench.records.record import Record, write_record
from vidgen_bench.system.interrupt import Interrupt
from vidgen_bench.system.observer import Observer
from vidgen_bench.system.places import cache_folder
from vidgen_bench.training.checkpoint import part_states
from vidgen_bench.training.distributed import Process
from vidgen_bench.training.trainer import Rule, Trainer

PICTURED = 16
"""Clips in the GIF; the PNG shows the first eight of them."""


@dataclass(frozen=True)
class Place:
    """What a run is given: where it works, and who watches it."""

    plan: Plan
    seed: int
    folder: RunFolder
    store: Store
    device: torch.device
    process: Process
    observer: Observer
    interrupt: Interrupt
    ownership: Ownership | None
    """None on all but the first of several processes, as ``status``."""
    status: StatusWriter | None

    def enter(self, state: State) -> None:
        """Set the state in ``status.json``."""
        if self.status is not None:
            self.status.state(state)

    def guard(self) -> None:
        """Check that the run folder still belongs to this run, before something is written that another owner would write too."""
        if self.ownership is not None:
            self.ownership.check()


class Stages:
    """The stages of one run, and the state that they share."""

    def __init__(self, place: Place, wide: Store | None, game: Game) -> None:
        self._place, self._wide, self._game = place, wide, game
        self._plan, self._seed, self._folder, self._store = place.plan, place.seed, place.folder, place.store
        self._device, self._process, self._observer = place.device, place.process, place.observer
        self._main = place.plan.resolved_track.main
        self._evaluators: list[Evaluator] = []
        self._trainer = self._make_trainer()

    def _make_trainer(self) -> Trainer:
        plan, evaluation = self._plan, self._plan.track.evaluation
        better = next(c.metric.better for c in self._main.watched if c.plugin.name == evaluation.select)
        return Trainer(
            self._game,
            ClipSampler(self._store, "train", self._seed, self._device, self._wide),
            Rule(plan.track.budget, evaluation.every, evaluation.select, better),
            lambda iteration: self._watch(f"evaluate-{iteration}"),
            seed=self._seed,
            folder=self._folder.path,
            device=self._device,
            process=self._process,
            observer=self._observer,
            interrupt=self._place.interrupt,
            guard=self._place.guard,
            precision=plan.track.training.precision,
            code=plan.code.packages,
        )

    def finish(self) -> Record:
        """Score the anchors, train, score the samples, write the record and return it."""
        self._process.first(self._score_anchors)
        self._place.enter("training")
        self._observer.stage(f"training {self._plan.composition.resolved} on {self._device.type}")
        progress = self._trainer.run()
        self._place.enter("scoring")
        record = self._process.first(lambda: self._finish(progress.diverged)) or self._folder.record()
        assert record is not None
        return record

    def _score_anchors(self) -> None:
        resolved_track, cache = self._plan.resolved_track, cache_folder()
        real = RealClips(self._store, self._wide if resolved_track.shifts else None, self._plan.track.clip)
        self._evaluators = [Evaluator(m, real, self._device, cache, self._observer) for m in resolved_track.protocols]
        self._anchors: Anchors = {}
        for evaluator in self._evaluators:
            for name, scores in score_anchors(
                evaluator, resolved_track.batches(evaluator.resolved), cache, self._observer
            ).items():
                self._anchors.setdefault(name, {}).update(scores)

    def _samples(self, purpose: str, indices: range) -> Iterator[torch.Tensor]:
        """Yield the samples with these indices, drawn for a purpose."""
        return samples(self._game, self._seed, purpose, indices, self._plan.track.clip.grid, self._device)

    def _watch(self, purpose: str) -> dict[str, float]:
        """Return the watched scores of the current checkpoint."""
        count = self._plan.track.evaluation.samples
        clips = counted(self._samples(purpose, range(count)), f"scoring {purpose}", count, self._observer)
        return {name: number(v) for name, v in self._evaluators[0].score(clips, self._main.watched).items()}

    def _score_final(self, draw: Draw) -> Numbers:
        """Score fresh batches of the loaded checkpoint under every protocol."""
        scores: dict[str, Score] = {}
        refused: dict[str, str] = {}
        for evaluator in self._evaluators:
            count = self._plan.resolved_track.batches(evaluator.resolved)
            values = evaluator.batches(draw, count, "scoring", self._observer, refused=refused)
            # only a watched metric can be here: extra scores that are not finite were left out
            if not all(math.isfinite(number(v)) for table in values for v in table.values()):
                return self._diverged()
            scores |= scores_of(values)
        return Numbers.of(self._evaluators, scores, self._anchors, refused=refused)

    def _diverged(self) -> Numbers:
        return Numbers.of(self._evaluators, {}, self._anchors, diverged=True)

    def _finish(self, diverged: bool) -> Record:
        """Score the best checkpoint and write the pictures; then write the record, which marks the run as finished."""
        hashes: Hashes | None = None
        if diverged:
            numbers = self._diverged()
        else:
            self._observer.stage("scoring the best checkpoint")
            self._trainer.load_best()
            checkpoint = checkpoint_hash(part_states(self._game.parts))  # first, while it is as it was saved
            draw = HashedSamples(partial(self._samples, "final"), self._main.protocol.samples)
            numbers = self._score_final(draw)
            hashes = Hashes(samples=draw.hexdigest(), checkpoint=checkpoint)
            self._place.guard()
            self._picture()
        record = record_of_run(
            self._plan,
            self._seed,
            self._store,
            self._game,
            self._trainer.progress,
            numbers,
            watched=self._evaluators[0].stamp(samples=self._plan.track.evaluation.samples),
            trace=self._folder.trace(),
            hashes=hashes,
            device=self._device,
            world=self._process.world,
        )
        self._place.guard()
        write_record(self._folder.record_path, record)
        if numbers.diverged:
            self._place.enter("diverged")
        return record

    def _picture(self) -> None:
        generated = torch.cat(list(self._samples("final", range(PICTURED))))
        sampler = ClipSampler(self._store, "train", self._seed, "cpu")
        real = sampler.evaluation("picture", torch.arange(PICTURED), self._plan.track.clip.frames).clips
        write_gif(self._folder.path / "samples.gif", generated, real)
        write_png(self._folder.path / "samples.png", generated, real)
