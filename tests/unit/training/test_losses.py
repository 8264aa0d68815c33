"""Running losses: means since the last evaluation, read at once or one period late."""

from __future__ import annotations

import torch

from vidgen_bench.training.losses import Reading, RunningLosses


def losses() -> RunningLosses:
    running = RunningLosses()
    for value in (1.0, 3.0):
        running.add("d", ["real", "fake"], [torch.tensor(value), torch.tensor(2 * value)])
    return running


def test_means_by_player_and_term() -> None:
    assert losses().read(2, 2) == Reading(2, {"d.fake": 4.0, "d.real": 2.0})


def test_a_late_reading_is_that_of_the_call_before() -> None:
    running = losses()
    assert running.read_late(2, 2) is None
    running.add("d", ["real", "fake"], [torch.tensor(5.0), torch.tensor(7.0)])
    assert running.read_late(3, 3) == Reading(2, {"d.fake": 4.0, "d.real": 2.0})
    assert running.read_late(3, 3) == Reading(3, {"d.fake": 5.0, "d.real": 3.0})


def test_a_reading_of_now_and_an_evaluation_drop_the_late_one() -> None:
    running = losses()
    running.read_late(2, 2)
    running.read(2, 2)
    assert running.read_late(2, 2) is None
    running.clear()
    assert running.sums == {}
    running.add("d", ["real"], [torch.tensor(1.0)])
    assert running.read_late(3, 1) is None
