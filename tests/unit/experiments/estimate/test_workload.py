"""The amount of work in a run: iterations of each kind of budget, evaluations, and clips per protocol."""

from __future__ import annotations

import pytest

from tests.kit.toy_protocol import toy_protocol
from vidgen_bench.config.budget import Budget
from vidgen_bench.config.track import load_track
from vidgen_bench.experiments.estimate.workload import ProtocolWork, iterations_in, views_of, workload

UNIT = {"seconds": 0.5, "clips": 16.0, "flops": 1e9}


@pytest.mark.parametrize(
    ("budget", "iterations"),
    [
        (Budget(iterations=400), 400),
        (Budget(clips=160), 10),
        (Budget(clips=161), 11),
        (Budget(flops=2.5e9), 3),
        (Budget(device_hours=0.1), 720),
        (Budget(device_hours=0.1, iterations=1000), 720),
        (Budget(device_hours=0.1, iterations=100, clips=16000), 100),
        (Budget(clips=1), 1),
    ],
)
def test_a_run_ends_at_the_first_limit_of_its_budget(budget: Budget, iterations: int) -> None:
    assert iterations_in(budget, **UNIT) == iterations


def test_a_budget_beyond_every_number_is_a_count() -> None:
    assert iterations_in(Budget(device_hours=1e308), **UNIT | {"seconds": 1e-3}) == 2**62


def test_a_limit_without_cost_is_never_reached() -> None:
    assert iterations_in(Budget(clips=10, iterations=7), seconds=1.0, clips=0.0, flops=0.0) == 7


def test_the_last_iteration_is_evaluated_too() -> None:
    track = load_track("shapes-smoke")  # every 50
    work = workload(track, toy_protocol(), {}, decoding=0, workers=1, store_bytes=0)
    assert [work.evaluations(n) for n in (1, 50, 51, 200, 225)] == [1, 1, 2, 4, 5]
    assert (work.samples, work.watched_views) == (128, 1)


def test_the_first_batch_is_seen_in_every_view() -> None:
    resolved = toy_protocol(extra=["fid-frozen", "fid-shuffled", "kid"])
    assert (views_of(resolved.watched), views_of(resolved.metrics)) == (1, 3)
    work = ProtocolWork(reference=0, anchored=False, batches=4, samples=256, views=3)
    assert work.passes == (3 + 1 + 1 + 1) * 256
    assert work.anchor_passes == work.passes + 256 + 1
    assert ProtocolWork(reference=0, anchored=True, batches=4, samples=256, views=3).anchor_passes == 0
