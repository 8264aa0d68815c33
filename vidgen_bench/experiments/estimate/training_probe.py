"""Measures one training iteration of a game, with the functions that a run trains with."""

from __future__ import annotations

import io

import torch

from vidgen_bench.api import Batch, Feed, Game, Player, Report
from vidgen_bench.config.track import TrainingPrecision
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.experiments.estimate.costs import TrainingCosts
from vidgen_bench.experiments.estimate.stopwatch import Stopwatch
from vidgen_bench.training.captured_turn import WARM_UPS
from vidgen_bench.training.checkpoint import part_states
from vidgen_bench.training.distributed import Process
from vidgen_bench.training.iteration import Iterations
from vidgen_bench.training.watch import Watch

MOST_ITERATIONS = 20
"""Training iterations of a probe, the warm-up included."""
_WARM_UP, _LEAST, _ENOUGH = 2, 3, 5.0


class PlainClips:
    """Clips for timing: random pixels of the right shape, since no operation takes longer for some pixels than for others."""

    def __init__(self, size: int, classes: int, device: torch.device) -> None:
        self._size, self._classes, self._device = size, classes, device

    def batch(self, name: str, feed: Feed, position: int, rows: int, rank: int = 0, world: int = 1) -> Batch:
        """Return clips like those of :class:`vidgen_bench.data.sampler.ClipSampler`, for a single process."""
        clips = torch.rand(rows, 3, feed.frames, self._size, self._size, device=self._device) * 2 - 1
        return Batch(clips, torch.arange(rows, device=self._device) % self._classes)


class TrainingProbe:
    """A few iterations of a game; its weights are changed, and nothing is saved."""

    def __init__(
        self, game: Game, clips: PlainClips, seed: int, watch: Stopwatch, precision: TrainingPrecision = "fp32"
    ) -> None:
        self._game, self._clips, self._watch = game, clips, watch
        self._iterations = Iterations(game, seed, watch.device, Process(), precision)
        self._iterations.place_optimisers()
        self._iteration = 0

    def measure(self, report: Report) -> TrainingCosts:
        """Return the costs: the median of up to 18 iterations after those that warm up and count operations.

        Args:
            report: called after every iteration.
        Raises:
            PluginError: a loss draws global random numbers, so a run would refuse it.
            VidgenBenchError: losses or weights are not finite any more.
        """
        try:
            first, turns, after, counter = self._timed(report)
        except (RuntimeError, ValueError):  # a decomposition in ``after``, for example
            self._require_finite()
            raise
        self._require_finite()
        weights, packed = self._packed(), io.BytesIO()
        save = self._watch.seconds(lambda: torch.save(self._states(), packed))
        return TrainingCosts(
            iteration=turns + after,
            first=max(0.0, first - turns),
            clips=sum(p.batch * p.turns for p in self._game.players if p.feed),
            flops=max(counter.flops, 1),
            save=save,
            checkpoint_bytes=packed.tell(),
            weights_bytes=weights,
        )

    def _timed(self, report: Report) -> tuple[float, float, float, Watch]:
        """Return the seconds of the first iteration, of another, and of what follows it, with the counted operations."""

        def turns() -> None:
            self._turns()
            report("probe: training", self._iteration, MOST_ITERATIONS)

        counter = Watch()
        first = self._watch.seconds(lambda: self._turns(counter))
        counter.require_own_noise()
        self._iterations.capture(counter.witness)
        # graphs are warmed up, captured and replayed once before the rest is typical
        warm_up = 2 + WARM_UPS if self._iterations.captures else _WARM_UP
        for _ in range(warm_up - 1):
            turns()
        typical = self._watch.typical(turns, least=_LEAST, most=MOST_ITERATIONS - warm_up, enough=_ENOUGH)
        after = sum(map(self._after, self._game.players))
        report("probe: training", MOST_ITERATIONS, MOST_ITERATIONS)
        return first, typical, after, counter

    def _require_finite(self) -> None:
        """Raise ``VidgenBenchError`` if a weight is not finite; a loss that is not makes the weights so."""
        weights = (p for part in self._game.parts.values() for p in part.parameters())
        if not all(bool(p.isfinite().all()) for p in weights):
            raise VidgenBenchError(
                f"The probe diverged: a weight was not finite after {self._iteration} iterations on random pixels. "
                "`vidgen-bench plugins show BACKBONE` lists the options that --set can change; or train a few iterations: "
                "`vidgen-bench run SPEC --budget iterations=20`."
            )

    def _turns(self, counter: Watch | None = None) -> None:
        """Play all turns of each player once."""
        self._iterations.play_turns(self._iteration, self._clips, counter)
        self._iteration += 1

    def _after(self, player: Player) -> float:
        """Return the seconds of what follows the player's turns, per iteration."""
        if player.after is None:
            return 0.0

        def work() -> None:
            self._iterations.play_after(player, 0)

        work()  # warms up
        return self._watch.typical(work, least=2, most=5, enough=2.0) / player.every

    def _states(self) -> dict[str, object]:
        return {
            "parts": part_states(self._game.parts),
            "optimisers": {name: o.state_dict() for name, o in self._iterations.optimisers.items()},
        }

    def _packed(self) -> int:
        memory = io.BytesIO()
        torch.save(part_states(self._game.parts), memory)
        return memory.tell()
