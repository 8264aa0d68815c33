"""A stopwatch reads its clock around each call, and stops when enough is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from vidgen_bench.experiments.estimate.stopwatch import Stopwatch


def taking(*seconds: float) -> tuple[Stopwatch, Callable[[], None], list[float]]:
    """Return a stopwatch, work that takes these seconds by its clock, and the calls so far."""
    now, calls = [0.0], []
    each: Iterator[float] = iter(seconds)

    def work() -> None:
        calls.append(spent := next(each))
        now[0] += spent

    return Stopwatch(torch.device("cpu"), lambda: now[0]), work, calls


def test_one_call_takes_what_the_clock_says() -> None:
    watch, work, _ = taking(2.5)
    assert watch.seconds(work) == 2.5


def test_the_median_forgives_one_slow_call() -> None:
    watch, work, _ = taking(1.0, 9.0, 1.0)
    assert watch.typical(work, least=3, most=3, enough=0.0) == 1.0


def test_it_stops_after_enough_seconds_but_not_before_enough_calls() -> None:
    for seconds, count in (([4.0] * 9, 3), ([1.0] * 9, 5), ([0.1] * 9, 7)):
        watch, work, calls = taking(*seconds)
        watch.typical(work, least=3, most=7, enough=5.0)
        assert len(calls) == count
