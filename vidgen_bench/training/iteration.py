"""One iteration of a game: every player's turns, in order, then what players do afterwards. Nothing here waits for the device."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch

from vidgen_bench.api import Game, Player
from vidgen_bench.config.track import TrainingPrecision
from vidgen_bench.system.cuda_graph import CudaGraph
from vidgen_bench.system.precision import strictly
from vidgen_bench.training.captured_turn import CapturedTurn, Graph, reason_against
from vidgen_bench.training.distributed import Process
from vidgen_bench.training.keys import TurnKeys
from vidgen_bench.training.losses import RunningLosses
from vidgen_bench.training.optimisers import place
from vidgen_bench.training.precision import SWITCHES, in_precision
from vidgen_bench.training.step import Clips, take_turn, turn_inputs
from vidgen_bench.training.watch import WAITS, Watch

GRAPHS: dict[str, Callable[[torch.device], Graph]] = {"cuda": CudaGraph}
"""The graphs of each type of device that has some."""


class Iterations:
    """Plays iterations of a game on one device, with the players' optimisers and the running losses."""

    def __init__(
        self, game: Game, seed: int, device: torch.device, process: Process, precision: TrainingPrecision = "fp32"
    ) -> None:
        self._game, self._device, self._process, self._precision = game, device, process, precision
        self._players = [in_precision(p, precision, device) for p in game.players]
        self._keys = TurnKeys(seed, device)
        self.optimisers = {p.name: p.optimiser(p.parameters) for p in game.players}
        """By player; call :meth:`place_optimisers` after the last state is loaded and before the first iteration."""
        self.losses = RunningLosses()
        self._captured: dict[str, CapturedTurn] = {}

    def place_optimisers(self) -> None:
        """Move what the optimisers read in a step to the device."""
        for optimiser in self.optimisers.values():
            place(optimiser, self._device)

    @property
    def captures(self) -> bool:
        """Whether turns are played as CUDA graphs."""
        return bool(self._captured)

    def capture(self, witness: list[str]) -> None:
        """Play turns as CUDA graphs from now on, where the device has them.

        Args:
            witness: what the first iteration did that it should not have done; the reason why there are no graphs is added.
        """
        if self._device.type not in GRAPHS:
            return
        waits = any(line.startswith(WAITS) for line in witness)
        if reason := reason_against(self.optimisers, waits, self._process.world):
            if (line := f"trained without CUDA graphs: {reason}") not in witness:
                witness.append(line)
            return
        parts, make = list(self._game.parts.values()), GRAPHS[self._device.type]
        self._captured = {
            p.name: CapturedTurn(p, self.optimisers[p.name], parts, make(self._device)) for p in self._players
        }

    def finite(self) -> bool:
        """Return whether every loss so far and every weight is finite; waits for the device."""
        weights = (p for part in self._game.parts.values() for p in part.parameters())
        return all(bool(t.isfinite().all()) for t in (*self.losses.sums.values(), *weights))

    def play(self, iteration: int, clips: Clips, watch: Watch | None = None) -> None:
        """Play one iteration, and add its losses to the running sums; ``watch`` observes losses and gradients."""
        self.play_turns(iteration, clips, watch)
        for player in self._game.players:
            if iteration % player.every == 0:
                self.play_after(player, iteration)

    def play_turns(self, iteration: int, clips: Clips, watch: Watch | None = None) -> None:
        """Play the turns of an iteration, without what players do afterwards."""
        for part in self._game.parts.values():
            part.train()
        with strictly(SWITCHES[self._precision]), self._on_device(), self._process.batch_norm():
            for player in self._players:
                for turn in range(player.turns):
                    self._turn(player, iteration, turn, clips, watch)

    def play_after(self, player: Player, iteration: int) -> None:
        """Do what a player does after the turns of an iteration, if it does anything."""
        if player.after is None:
            return
        with torch.no_grad(), strictly("float32"), self._on_device():
            player.after(torch.full((), iteration, dtype=torch.int64, device=self._device))

    def _on_device(self) -> AbstractContextManager[object]:
        """Return a block in which new tensors are made on the device."""
        return nullcontext() if self._device.type == "cpu" else self._device

    def _turn(self, player: Player, iteration: int, turn: int, clips: Clips, watch: Watch | None) -> None:
        position = iteration * player.turns + turn
        batch, noise = turn_inputs(player, clips, position, self._keys, self._process)
        optimiser, rate = self.optimisers[player.name], player.schedule(iteration)
        if (captured := self._captured.get(player.name)) is not None:
            terms = captured.take(batch, noise, rate)
        else:
            terms = take_turn(player, optimiser, batch, noise, rate, self._process.mean, watch)
        self.losses.add(player.name, terms, self._process.mean([t.double() / player.turns for t in terms.values()]))
