"""The sums of the loss terms since the last evaluation. They stay on the device; reading them is the only wait of the training loop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vidgen_bench.system.late_read import LateRead


@dataclass(frozen=True)
class Reading:
    """The mean losses up to an iteration."""

    iteration: int
    means: dict[str, float]


@dataclass(frozen=True)
class _Underway:
    iteration: int
    count: int
    names: list[str]
    sums: LateRead

    def arrive(self) -> Reading:
        return Reading(self.iteration, {n: v / self.count for n, v in zip(self.names, self.sums.read(), strict=True)})


class RunningLosses:
    """Sums of loss terms by ``player.term``; checkpoints store them."""

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self._underway: _Underway | None = None

    def add(self, player: str, names: Iterable[str], values: Sequence[Tensor]) -> None:
        """Add the terms of a turn."""
        for name, value in zip(names, values, strict=True):
            key = f"{player}.{name}"
            self.sums[key] = self.sums[key] + value if key in self.sums else value

    def clear(self) -> None:
        """Start again after an evaluation."""
        self.sums, self._underway = {}, None

    def read(self, iteration: int, count: int) -> Reading:
        """Return the means over ``count`` iterations; waits for the device."""
        self._underway = None
        return self._start(iteration, count).arrive()

    def read_late(self, iteration: int, count: int) -> Reading | None:
        """Start to read the means of now; return those of the call before, if there was one since the last evaluation."""
        before, self._underway = self._underway, self._start(iteration, count)
        return before.arrive() if before else None

    def _start(self, iteration: int, count: int) -> _Underway:
        names = sorted(self.sums)
        return _Underway(iteration, count, names, LateRead(torch.stack([self.sums[n] for n in names])))
