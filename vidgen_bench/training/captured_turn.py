"""A player's turn as a CUDA graph: one launch instead of hundreds.

The graph contains loss, gradients and the optimiser's step. The clips, the key of the noise and the learning rates are tensors that are
filled before each replay; a number of Python would be frozen into the graph.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from vidgen_bench.api import Batch, Player
from vidgen_bench.errors import PluginError, RequestError, VidgenBenchError
from vidgen_bench.noise import Noise
from vidgen_bench.training.optimisers import set_rate
from vidgen_bench.training.step import apply, gradients

T = TypeVar("T")

SWITCH = "VIDGEN_BENCH_GRAPHS"
"""The environment variable that switches graphs off."""

WARM_UPS = 3
"""Turns on the graph's stream before it is captured: libraries choose algorithms and allocate workspaces in them."""


class Graph(Protocol):
    """What :class:`vidgen_bench.system.cuda_graph.CudaGraph` does."""

    def warm_up(self, work: Callable[[], T]) -> T: ...

    def capture(self, work: Callable[[], T]) -> T: ...

    def replay(self) -> None: ...


class CapturedTurn:
    """Plays the turns of one player: the first ones as they come, then as replays of a graph."""

    def __init__(self, player: Player, optimiser: Optimizer, parts: Iterable[nn.Module], graph: Graph) -> None:
        self._player, self._optimiser, self._parts, self._graph = player, optimiser, tuple(parts), graph
        self._batch: Batch | None = None
        self._noise: Noise | None = None
        self._terms: dict[str, Tensor] | None = None
        self._warm = 0

    def take(self, batch: Batch | None, noise: Noise, rate: float) -> dict[str, Tensor]:
        """Play one turn and return its loss terms, whose tensors the next turn overwrites.

        Raises:
            PluginError: the turn cannot be captured.
            VidgenBenchError: the GPU has too little memory for a graph.
        """
        self._fill(batch, noise)
        set_rate(self._optimiser, rate)
        if self._warm < WARM_UPS:
            self._warm += 1
            return self._graph.warm_up(self._turn)
        if self._terms is None:
            self._terms = self._captured()
        self._graph.replay()
        return self._terms

    def _fill(self, batch: Batch | None, noise: Noise) -> None:
        """Copy the inputs of a turn to where the graph reads them."""
        if self._noise is None:
            self._noise = replace(noise, key=noise.key.clone())
            self._batch = batch and Batch(batch.clips.clone(), batch.labels.clone())
            return
        self._noise.key.copy_(noise.key)
        if self._batch is not None and batch is not None:
            self._batch.clips.copy_(batch.clips)
            self._batch.labels.copy_(batch.labels)

    def _turn(self) -> dict[str, Tensor]:
        assert self._noise is not None
        terms, grads = gradients(self._player, self._batch, self._noise)
        apply(self._player, self._optimiser, grads)
        return terms

    def _captured(self) -> dict[str, Tensor]:
        before = self._addresses()
        try:
            terms = self._graph.capture(self._turn)
        except torch.OutOfMemoryError:
            raise VidgenBenchError(
                f"The GPU has too little memory to keep the turn of player {self._player.name!r} as a CUDA graph. "
                f"Set {SWITCH}=off to train without graphs, or lower the batch, as in --set backbone.batch=16."
            ) from None
        except RuntimeError as error:  # torch cannot reliably go on after a capture that failed
            raise self._refusal(f"it cannot be captured ({' '.join(str(error).split())[:200]})") from error
        if self._addresses() != before:
            raise self._refusal("it replaces a parameter or buffer, which must be changed in place")
        return terms

    def _addresses(self) -> list[int]:
        return [t.data_ptr() for part in self._parts for t in (*part.parameters(), *part.buffers())]

    def _refusal(self, reason: str) -> PluginError:
        return PluginError(
            f"player {self._player.name!r}: its turn does not work as a CUDA graph: {reason}. "
            f"Set {SWITCH}=off to train without graphs."
        )


def reason_against(optimisers: Mapping[str, Optimizer], waits: bool, world: int) -> str | None:
    """Return why turns are not captured, or None.

    With several processes, batch norm exchanges sums inside the loss; a graph with NCCL's calls in it hangs when the process ends.

    Args:
        optimisers: by player, on the device.
        waits: whether a loss waits for the device.
        world: number of processes.
    Raises:
        RequestError: the environment variable has another value than on and off.
    """
    switch = os.environ.get(SWITCH, "on")
    if switch not in ("on", "off"):
        raise RequestError(f"{SWITCH}={switch[:40]}: expected on or off.")
    if switch == "off":
        return f"{SWITCH} is off"
    if world > 1:
        return "several processes train together"
    if waits:
        return "a loss waits for the device"
    for name, optimiser in optimisers.items():
        if not all(isinstance(g["lr"], Tensor) and g.get("capturable", False) for g in optimiser.param_groups):
            return f"the optimiser {type(optimiser).__name__} of player {name!r} cannot be captured"
    return None
