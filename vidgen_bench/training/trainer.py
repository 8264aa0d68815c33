"""The training loop. It knows players, a budget and a scoring function, but no model."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import torch

from vidgen_bench.api import Game
from vidgen_bench.config.budget import Budget
from vidgen_bench.config.track import TrainingPrecision
from vidgen_bench.errors import Interrupted, PluginError
from vidgen_bench.records.entries import Best, TracePoint
from vidgen_bench.system.interrupt import Interrupt
from vidgen_bench.system.memory import peak_memory
from vidgen_bench.system.observer import Glance, Observer
from vidgen_bench.system.provenance import revision
from vidgen_bench.system.regular_files import is_there
from vidgen_bench.training import checkpoint
from vidgen_bench.training.distributed import Process
from vidgen_bench.training.iteration import Iterations
from vidgen_bench.training.losses import Reading
from vidgen_bench.training.progress import Progress
from vidgen_bench.training.resuming import load_optimisers, read_state
from vidgen_bench.training.step import Clips
from vidgen_bench.training.watch import Watch

READ_EVERY = 10
"""Iterations between two readings of the losses, and on a device between two agreements of several processes."""
SAVE_SECONDS = 60.0
"""Longest time between two checkpoints; one is also written at every evaluation."""


@dataclass(frozen=True)
class Rule:
    """When to evaluate, which metric selects the best checkpoint, and when to stop."""

    budget: Budget
    every: int
    select: str
    better: str


class Trainer:
    """Trains a game in a run folder, resuming from its last checkpoint if there is one."""

    def __init__(
        self,
        game: Game,
        clips: Clips,
        rule: Rule,
        score: Callable[[int], Mapping[str, float]],
        *,
        seed: int,
        folder: Path,
        device: torch.device,
        process: Process,
        observer: Observer,
        interrupt: Interrupt,
        guard: Callable[[], None] = lambda: None,
        precision: TrainingPrecision = "fp32",
        code: Mapping[str, str] | None = None,
    ) -> None:
        """Make a trainer.

        ``guard()`` is called before each write, and raises if the folder now belongs to another process. ``code`` has the hash of each
        package that trains, for the checkpoints.
        """
        self._game, self._clips, self._rule, self._score = game, clips, rule, score
        self._folder, self._device, self._process = folder, device, process
        self._observer, self._interrupt, self._guard = observer, interrupt, guard
        self._packages = dict(code or {})
        self._code = {"code": self._packages, "revision": revision()}
        self._iterations = Iterations(game, seed, device, process, precision)
        self._losses = self._iterations.losses
        self._late = device.type != "cpu"
        """Whether losses are read one period late, so that the device does not wait for the host."""
        self.progress = Progress(started=datetime.now(UTC).isoformat(timespec="seconds"))
        for player in game.players:
            if player.batch % process.world:
                raise PluginError(
                    f"player {player.name!r}: the batch of {player.batch} is not divisible by {process.world} processes"
                )

    def run(self) -> Progress:
        """Train until the budget is spent or a loss is not finite, and return the progress.

        Raises:
            Interrupted: Ctrl-C or another request to stop; everything is saved.
        """
        self._resume()
        saved = time.monotonic()
        while not self.progress.ended:
            losses = None
            if not self.progress.pending:
                with self.progress.timed("train_seconds"):
                    losses = self._advance()
            ended = self._spent()
            due = self.progress.pending or ended or self.progress.iteration % self._rule.every == 0
            if due and not self.progress.diverged:
                if losses is None:
                    with self.progress.timed("train_seconds"):  # of the device, which may be behind
                        losses = self._read_losses()
                self._evaluate_or_stop(losses)
            if due or self.progress.diverged:
                self.progress.ended = ended or self.progress.diverged
                self._save()
                saved = time.monotonic()
            stop = (due or self._agreeing) and self._process.agree(self._interrupt.requested)
            if not self.progress.ended and (stop or time.monotonic() - saved > SAVE_SECONDS):
                self._save()
                saved = time.monotonic()
            if stop and not self.progress.ended:
                self._process.barrier()
                raise self._stopped()
        return self.progress

    def _evaluate_or_stop(self, losses: Mapping[str, float]) -> None:
        """Evaluate; if Ctrl-C interrupts the scoring, save that this evaluation is pending."""
        self.progress.pending = True
        try:
            self._evaluate(losses)
        except Interrupted:
            self._save()
            raise self._stopped() from None
        self.progress.pending = False

    def _stopped(self) -> Interrupted:
        return Interrupted(
            f"Stopped at iteration {self.progress.iteration}; everything is saved in {self._folder}. The same command continues "
            "from there.",
            self._interrupt.number,
        )

    @property
    def _agreeing(self) -> bool:
        """Whether the processes agree after this iteration; on a device that makes it wait, so they do it rarely."""
        return self._process.world == 1 or not self._late or self.progress.iteration % READ_EVERY == 0

    def _share(self, *, hours: bool = True) -> float:
        """Return the share of the budget that is spent; without its hours, it is the same on every process."""
        return self.progress.share(self._rule.budget, self._process.world, hours=hours)

    def _spent(self) -> bool:
        if self._share(hours=False) >= 1.0:
            return True
        return bool(self._rule.budget.device_hours) and self._agreeing and self._process.agree(self._share() >= 1.0)

    def _advance(self) -> dict[str, float] | None:
        """Play one iteration; return the losses if those of now were read, which waits for the device.

        A numerical error with weights that are not finite (from a decomposition in ``after``, for example) counts as divergence.
        """
        try:
            self._iterate()
        except (RuntimeError, ValueError):
            if self._iterations.finite():
                raise
            self.progress.diverged = True
            return None
        if self.progress.iteration % READ_EVERY:
            if not self._late:  # an iteration may take seconds on a CPU
                self._report(self.progress.iteration, {})
            return None
        if not self._late:
            return self._read_losses()
        if reading := self._losses.read_late(self.progress.iteration, self.progress.loss_count):
            self._show(reading)
        return None

    def _iterate(self) -> None:
        """Play one iteration, and count it."""
        watch = Watch() if self.progress.flops_per_iteration == 0 else None
        self._iterations.play(self.progress.iteration, self._clips, watch)
        if watch:
            self._record(watch)
        self.progress.iteration += 1
        self.progress.loss_count += 1
        self.progress.flops += self.progress.flops_per_iteration
        self.progress.clips += sum(p.batch * p.turns for p in self._game.players if p.feed)

    def _record(self, watch: Watch) -> None:
        """Store the first iteration's operation counts; refuse global random numbers, which would break resuming."""
        self.progress.flops_per_iteration = max(watch.flops * self._process.world, 1)
        self.progress.witness = watch.witness
        watch.require_own_noise()
        self._iterations.capture(self.progress.witness)

    def _read_losses(self) -> dict[str, float]:
        """Return the mean losses since the last evaluation, after :meth:`_show`."""
        reading = self._losses.read(self.progress.iteration, self.progress.loss_count)
        self._show(reading)
        return reading.means

    def _show(self, reading: Reading) -> None:
        """Report the losses to the observer and check for divergence."""
        self.progress.diverged = not all(math.isfinite(v) for v in reading.means.values())
        self.progress.peak_memory = max(self.progress.peak_memory, peak_memory(self._device))
        self._report(reading.iteration, reading.means)

    def _report(self, iteration: int, losses: Mapping[str, float]) -> None:
        share = min(self._share(), 1.0)
        self._observer.trained(Glance(iteration, share, losses, self.progress.train_seconds))

    def _scored(self, iteration: int) -> dict[str, float]:
        """Return the scores, ready to be written; NaN after a numerical error (from an adaptive solver, for example) if weights
        are not finite.
        """
        try:
            scores = dict(self._score(iteration))
        except (RuntimeError, ValueError):
            if self._iterations.finite():
                raise
            scores = {self._rule.select: math.nan}
        self._guard()
        return scores

    def _evaluate(self, losses: Mapping[str, float]) -> None:
        """Score, append to the trace, and save the weights if they are the best so far; a score that is not finite is divergence."""
        if self.progress.diverged:
            return
        iteration = self.progress.iteration
        with self.progress.timed("evaluate_seconds"):
            scores = self._process.first(lambda: self._scored(iteration))
        self._losses.clear()
        self.progress.loss_count = 0
        not_finite = scores is not None and not all(map(math.isfinite, scores.values()))
        self.progress.diverged = self._process.agree(not_finite)
        if scores is None or self.progress.diverged:
            return
        point = TracePoint(iteration=iteration, losses=dict(losses), scores=scores)
        self.progress.trace_bytes, self.progress.trace_sha256 = checkpoint.append_point(self._folder, point)
        value, best = scores[self._rule.select], self.progress.best
        if best is None or (value > best["value"] if self._rule.better == "higher" else value < best["value"]):
            about = {"iteration": iteration, "metric": self._rule.select, "value": value}
            self.progress.best = about | checkpoint.save_best(self._folder, self._game, iteration, self._code)
        self._observer.evaluated(point.iteration, point.scores, self.best().iteration)

    def best(self) -> Best:
        """Return the best checkpoint's iteration, metric and value."""
        assert self.progress.best is not None
        return Best(**{k: self.progress.best[k] for k in Best.model_fields})

    def _save(self) -> None:
        if self._process.rank == 0:
            self._guard()
            checkpoint.save_last(
                self._folder, self._game, self._iterations.optimisers, self._losses.sums, self.progress, self._code
            )

    def _resume(self) -> None:
        """Load the last checkpoint, if there is one, and remove the points that the trace has after it."""
        path = self._folder / checkpoint.LAST
        if is_there(path):
            content = read_state(path, self._device)
            checkpoint.load_parts(self._game.parts, content["parts"], path)
            load_optimisers(self._iterations.optimisers, content["optimisers"], path)
            self._losses.sums, self.progress = content["losses"], content["progress"]
            self.progress.resumed += not self.progress.ended
            self._note_changes(content.get("code", {}))
        self._iterations.place_optimisers()
        if self.progress.flops_per_iteration:  # the first iteration was watched before the run was resumed
            self._iterations.capture(self.progress.witness)
        if self._process.rank == 0:
            self._guard()
            checkpoint.truncate_trace(self._folder, self.progress)

    def _note_changes(self, before: Mapping[str, str]) -> None:
        """Add the packages whose code is no longer the one that trained the checkpoint to the progress."""
        if earlier := {name: sha256 for name, sha256 in before.items() if self._packages.get(name) != sha256}:
            self.progress.changes.append({"iteration": self.progress.iteration, "earlier": earlier})

    def load_best(self) -> None:
        """Load the best checkpoint's weights into the game."""
        assert self.progress.best is not None
        path = self._folder / self.progress.best["file"]
        content = checkpoint.load(path, self._device, self.progress.best.get("sha256"))
        checkpoint.load_parts(self._game.parts, content.get("parts"), path)
