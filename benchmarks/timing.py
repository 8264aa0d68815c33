"""Time alternatives in turn, so that other load on the machine affects all of them equally."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def alternate(alternatives: Mapping[str, Callable[[], object]], rounds: int = 7) -> dict[str, float]:
    """Return {name: median seconds} over ``rounds`` rounds, each running every alternative once, after a warm-up round."""
    seconds: dict[str, list[float]] = {name: [] for name in alternatives}
    for number in range(rounds + 1):
        for name, run in alternatives.items():
            since = time.perf_counter()
            run()
            if number:
                seconds[name].append(time.perf_counter() - since)
    return {name: statistics.median(values) for name, values in seconds.items()}


def report(title: str, seconds: Mapping[str, float], ours: str) -> None:
    """Print the medians, and each as a multiple of ours."""
    print(title)
    for name, value in seconds.items():
        print(f"  {name:<44}{value * 1e3:10.1f} ms   {value / seconds[ours]:6.2f} x")
