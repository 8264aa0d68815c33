"""Executes one run: data, reference statistics, anchors, training, final scores, pictures, record."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from vidgen_bench.api import Game
from vidgen_bench.compose.sampling import samples
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.sampler import ClipSampler
from vidgen_bench.data.store import Store
from vidgen_bench.errors import PluginError
from vidgen_bench.experiments.pictures.comparison import write_gif, write_png
from vidgen_bench.experiments.run.attempting import attempting, next_attempt
from vidgen_bench.experiments.run.batch_memory import require_memory
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
from vidgen_bench.records.record import Record, read_record, write_record
from vidgen_bench.system.device import choose_device
from vidgen_bench.system.interrupt import Interrupt
from vidgen_bench.system.memory import keep_freed_memory
from vidgen_bench.system.observer import Interruptible, Observer
from vidgen_bench.system.places import cache_folder
from vidgen_bench.training.checkpoint import part_states
from vidgen_bench.training.distributed import Process
from vidgen_bench.training.precision import require_precision
from vidgen_bench.training.trainer import Rule, Trainer

PICTURED = 16
"""Clips in the GIF; the PNG shows the first eight of them."""


@dataclass(frozen=True)
class Outcome:
    """A finished run: its folder, its record, and whether it was finished before."""

    folder: RunFolder
    record: Record
    already: bool


def prepare_wide(plan: Plan, game: Game, store: Store, observer: Observer) -> Store | None:
    """Return the videos with every column if a player's feed or a protocol's reference shifts its crop, else None.

    Scores always use the track's crop.

    Raises:
        PluginError: a player shifts its crop, but the track's crop takes every column, and the backbone did not refuse the track.
    """
    shifting = shifting_players(game)
    if not shifting and not plan.resolved_track.shifts:
        return None
    if not FrameGeometry.of(plan.track.data).spare:
        raise PluginError(
            f"The player {shifting[0]!r} of {plan.composition.backbone.name} shifts its clips sideways (augment shift-x), but the crop of "
            f"the track {plan.track.name} takes every column; the backbone must refuse a clip with spare = 0."
        )
    return plan.resolved_track.prepare_wide(plan.request.source, store, observer)


def shifting_players(game: Game) -> list[str]:
    """Return the names of the players whose crops shift sideways."""
    return [p.name for p in game.players if p.feed and "shift-x" in p.feed.augment]


def execute(plan: Plan, seed: int, observer: Observer) -> Outcome:
    """Run one seed of a plan, or resume it; a finished run is only read.

    Raises:
        Interrupted: Ctrl-C; the run can be resumed.
        VidgenBenchError: the run failed; the message has the fix.
    """
    device = choose_device(plan.request.device)
    if device.type == "cpu":
        keep_freed_memory()
    folder = plan.folder(seed)
    if not folder.is_finished():
        require_precision(plan.track.name, plan.track.training.precision, device)
    with ExitStack() as stack:
        process = Process.of_environment(device)
        store = process.first(
            lambda: plan.resolved_track.prepare(plan.request.source, observer)
        ) or plan.resolved_track.prepare(plan.request.source, Observer())
        identity = plan.identity(seed, store.fingerprint)
        if process.agree(folder.is_finished()):  # without the lock, so that the folder may be read-only
            return _finished(folder, identity)
        ownership = process.first(lambda: stack.enter_context(folder.locked(next_attempt)))
        before = folder.request()
        if process.agree(folder.is_finished()):  # by another process, in the meantime
            return _finished(folder, identity)
        if before:
            folder.check_claim(identity)  # before anything is written
        threads = plan.request.threads or (before["environment"]["threads"] if before else torch.get_num_threads())
        torch.set_num_threads(threads)
        interrupt = stack.enter_context(Interrupt())
        status = None
        if ownership is not None:  # the first of several processes
            status = stack.enter_context(attempting(folder.path, ownership, device, observer))
        watched = Interruptible(status or observer, interrupt)
        game = plan.composition.build(seed, store.class_videos)
        require_memory(game, plan.track.clip.size, process.world)
        _on(device, game)
        wide = process.first(lambda: prepare_wide(plan, game, store, watched)) or prepare_wide(
            plan, game, store, Observer()
        )
        environment = plan.environment(device.type, process.world, threads)
        if wide is not None and shifting_players(game):
            environment["videos with every column"] = wide.fingerprint
        names = store.classes if game.labels is not None else ()
        process.first(lambda: folder.claim({**identity, "environment": environment}, names))
        run = _Run(plan, seed, folder, store, wide, game, device, process, watched, interrupt, ownership, status)
        return run.finish()


def _finished(folder: RunFolder, identity: Mapping[str, Any]) -> Outcome:
    """Return the outcome of a folder that has a record, after checking that it belongs to this run; nothing is written."""
    folder.check_claim(identity)
    return Outcome(folder, read_record(folder.record_path), already=True)


class _Run:
    """The state that the stages of one run share."""

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
        ownership: Ownership | None,
        status: StatusWriter | None,
    ) -> None:
        self._ownership, self._status = ownership, status
        self._plan, self._seed, self._folder, self._store, self._wide = plan, seed, folder, store, wide
        self._game, self._device, self._process, self._observer = game, device, process, observer
        self._main = plan.resolved_track.main
        self._evaluators: list[Evaluator] = []
        self._trainer = self._make_trainer(interrupt)

    def _make_trainer(self, interrupt: Interrupt) -> Trainer:
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
            interrupt=interrupt,
            guard=self._guard,
            precision=plan.track.training.precision,
        )

    def finish(self) -> Outcome:
        """Score the anchors, train, score the samples, and write the record."""
        self._process.first(self._score_anchors)
        self._enter("training")
        self._observer.stage(f"training {self._plan.composition.resolved} on {self._device.type}")
        progress = self._trainer.run()
        self._enter("scoring")
        outcome = self._process.first(lambda: self._finish(progress.diverged))
        if outcome is None:
            record = self._folder.record()
            assert record is not None
            outcome = Outcome(self._folder, record, already=False)
        return outcome

    def _enter(self, state: State) -> None:
        """Set the state in ``status.json``, which the first of several processes writes."""
        if self._status is not None:
            self._status.state(state)

    def _guard(self) -> None:
        """Check that the run folder still belongs to this run, before something is written that another owner would write too."""
        if self._ownership is not None:
            self._ownership.check()

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

    def _finish(self, diverged: bool) -> Outcome:
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
            self._guard()
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
        self._guard()
        write_record(self._folder.record_path, record)
        if numbers.diverged:
            self._enter("diverged")
        return Outcome(self._folder, record, already=False)

    def _picture(self) -> None:
        generated = torch.cat(list(self._samples("final", range(PICTURED))))
        sampler = ClipSampler(self._store, "train", self._seed, "cpu")
        real = sampler.evaluation("picture", torch.arange(PICTURED), self._plan.track.clip.frames).clips
        write_gif(self._folder.path / "samples.gif", generated, real)
        write_png(self._folder.path / "samples.png", generated, real)


def _on(device: torch.device, game: Game) -> Game:
    """Move every part to the device in place, so that players keep their parameters."""
    for part in game.parts.values():
        part.to(device)
    return game
