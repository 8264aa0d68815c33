"""Time alternatives in turn, so that other load on the machine affects all of them equally."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from benchmarks.tables import Table

ROUNDS, QUICK_ROUNDS = 7, 3


@dataclass
class Times:
    """Seconds of one alternative, per round: by the clock, and of this process's processor time."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The median seconds by the clock."""
        return statistics.median(self.wall)

    def add(self, since: tuple[float, float], share: float = 1.0) -> None:
        """Add the time since two clocks were read, multiplied by a share."""
        wall, processor = now()
        self.wall.append((wall - since[0]) * share)
        self.processor.append((processor - since[1]) * share)


def now() -> tuple[float, float]:
    """Return both clocks in seconds, after a GPU has finished what it was given."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return time.perf_counter(), time.process_time()


def alternate(
    alternatives: Mapping[str, Callable[[], object]], rounds: int = ROUNDS, warm_up: int = 1
) -> dict[str, Times]:
    """Return the times of ``rounds`` rounds, each running every alternative once, after the rounds that warm up."""
    times = {name: Times() for name in alternatives}
    for number in range(-warm_up, rounds):
        for name, run in alternatives.items():
            since = now()
            run()
            if number >= 0:
                times[name].add(since)
    return times


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> tuple[float, float, float]:
    """Return the median, smallest and largest of the ratios per round: load that lasts for a round cancels."""
    found = [their / our if our else float("nan") for their, our in zip(theirs, ours, strict=True)]
    return statistics.median(found), min(found), max(found)


def spread(values: Sequence[float], scale: float = 1.0) -> str:
    """Return ``417 (405–460)``: the median, the smallest and the largest value."""
    middle, low, high = (scale * v for v in (statistics.median(values), min(values), max(values)))
    return f"{middle:.3g} ({low:.3g}–{high:.3g})"


def ratios(title: str, times: Mapping[str, Times], ours: str) -> Table:
    """Return a table of the times, and of each as a multiple of ours."""
    rows = []
    for name, one in times.items():
        wall, processor = ratio(one.wall, times[ours].wall), ratio(one.processor, times[ours].processor)
        rows.append((name, spread(one.wall, 1e3), wall[0], processor[0]))
    title = f"{title}, {torch.get_num_threads()} threads"
    return Table(title, ("", "ms (range)", "x ours", "x ours, processor time"), rows)
