"""What choosing the best checkpoint did to the score: two observed numbers beside the final one."""

from __future__ import annotations

from collections.abc import Sequence

from vidgen_bench.leaderboard.statistics import spread


def optimism(selected: float, final: float, sign: int) -> float:
    """Return how much better the chosen checkpoint looked when it was chosen than on its final samples.

    value at selection - final mean if higher is better (``sign`` = 1), final mean - value at selection if lower is (-1).
    """
    return selected - final if sign > 0 else final - selected  # a product could be -0.0


def gain(trace: Sequence[float], final: float, sign: int) -> float | None:
    """Return how much better the final score is than the last fifth of the training's evaluations; None without a trace.

    final mean - mean(last fifth) if higher is better (``sign`` = 1), else its negative; a fifth is at least one evaluation.
    """
    return gain_over(last_fifth(trace), final, sign) if trace else None


def gain_over(late: float, final: float, sign: int) -> float:
    """Return the gain over ``late``, the mean of the last fifth of the evaluations."""
    return final - late if sign > 0 else late - final


def last_fifth(trace: Sequence[float]) -> float:
    """Return the mean of the last fifth of one or more evaluations, of at least one."""
    return spread.mean(trace[-max(1, len(trace) // 5) :])
