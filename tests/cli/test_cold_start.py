"""Several processes that start with an empty cache: what they share is made once, by one of them, and the others wait for it."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.kit.forked import Started
from tests.kit.measuring import ENTRY, PARTS, WAITING, measured
from tests.kit.workplace import Workplace

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="sends signals")]


def started(place: Workplace, seed: int, seconds: float = 1.0) -> Started:
    arguments = ["run", "tgan", *place.data_arguments, "--budget", "iterations=1", "--seed", str(seed)]
    environment = place.environment(VIDGEN_TEST_SLOW=str(seconds), PYTHONPATH=str(Path(__file__).parents[2]))
    return Started(arguments, place.root, environment, ENTRY)


def test_six_cold_runs_measure_their_reference_once(workplace: Workplace) -> None:
    with ExitStack() as stack:
        runs = [stack.enter_context(started(workplace, seed)) for seed in range(6)]
        ends = [run.end(200) for run in runs]
    assert [end.returncode for end in ends] == [0] * 6, [end.stderr for end in ends]
    for part in PARTS:
        assert sum(end.stderr.count(measured(part)) for end in ends) == 1
    anchors = {str(record["anchors"]) for record in workplace.records().values()}
    assert (len(workplace.records()), len(anchors)) == (6, 1)
    for end in ends:  # each line once, and never by who measures
        lines = [line for line in end.stdout.splitlines() if WAITING in line]
        assert len(lines) == len(set(lines))
        assert not (f"{WAITING}computing these statistics" in lines and measured("moments") in end.stderr)
    assert any(WAITING in end.stdout for end in ends)


def test_if_the_one_that_measures_is_killed_the_next_takes_over_and_one_that_waits_can_be_stopped(
    workplace: Workplace,
) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(started(workplace, 0, seconds=60))
        first.wait_for(measured("moments"), stream="err")
        second, third = (stack.enter_context(started(workplace, seed)) for seed in (1, 2))
        waiting = f"{WAITING}computing these statistics"
        second.wait_for(waiting)
        third.wait_for(waiting)
        third.send_signal(signal.SIGTERM)
        stopped = third.end(60)
        assert (stopped.returncode, stopped.stderr) == (
            143,
            f"Stopped during {waiting}. The same command continues from there.\n",
        )
        first.send_signal(signal.SIGKILL)
        done = second.end(120)
    assert done.returncode == 0, done.stderr
    assert [done.stderr.count(measured(part)) for part in PARTS] == [1, 1]
