"""A thread that repeats a small action."""

from __future__ import annotations

import threading
import time

from vidgen_bench.system.repeating import Repeating


def test_it_repeats_until_the_end_of_the_block() -> None:
    times, enough = list[float](), threading.Event()

    def act() -> None:
        times.append(time.monotonic())
        if len(times) == 3:
            enough.set()

    with Repeating(act, 0.01):
        assert enough.wait(10)
    count = len(times)
    time.sleep(0.1)
    assert len(times) == count


def test_it_acts_at_once_when_it_is_asked() -> None:
    acted = threading.Event()
    with Repeating(acted.set, 1000.0) as repeating:
        assert not acted.is_set()
        repeating.now()
        assert acted.wait(10)
