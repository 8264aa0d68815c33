"""The arithmetic of an estimate: every amount of work, multiplied by its unit."""

from __future__ import annotations

import dataclasses

import pytest

from vidgen_bench.config.budget import Budget
from vidgen_bench.experiments.estimate.costs import Costs, ScoringCosts, TrainingCosts
from vidgen_bench.experiments.estimate.estimate import estimate
from vidgen_bench.experiments.estimate.workload import ProtocolWork, Workload

COSTS = Costs(
    training=TrainingCosts(
        iteration=2.0, first=7.0, clips=8, flops=10, save=1.0, checkpoint_bytes=3_000_000, weights_bytes=1_000_000
    ),
    sample=0.1,
    scoring={
        "one": ScoringCosts(clip=0.01, watched=3.0, first=20.0, plain=10.0, once=5.0, statistics_bytes=700),
        "two": ScoringCosts(clip=0.02, watched=0.0, first=1.0, plain=1.0, once=0.0, statistics_bytes=50),
    },
    pictures=4.0,
    pictures_bytes=900,
    video=0.5,
    memory_bytes=123,
)
WORK = Workload(
    budget=Budget(iterations=100),
    every=40,
    samples=50,
    watched_views=1,
    main="one",
    protocols={
        "one": ProtocolWork(reference=1000, anchored=False, batches=3, samples=200, views=2),
        "two": ProtocolWork(reference=0, anchored=True, batches=1, samples=600, views=1),
    },
    decoding=80,
    workers=4,
    store_bytes=10_000,
)


def seconds(work: Workload = WORK) -> dict[str, float]:
    return {part.name: part.seconds for part in estimate(work, COSTS).parts}


def test_every_part_is_its_amount_times_its_unit() -> None:
    assert seconds() == pytest.approx(
        {
            "decoding": 80 * 0.5 / 4,
            "reference statistics": 1000 * 0.01,
            "anchors": (4 * 200 + 200 + 1) * 0.01 + 20 + 2 * 10 + 2 * 10,
            "training": 7 + 100 * 2.0,
            "evaluations": 3 * (50 * (0.1 + 0.01) + 3.0),
            "checkpoints": 3 + 3,  # at each evaluation, and every 60 seconds of training
            "pictures": 4.0,
            "final scores": (5 + 600 * 0.1 + 800 * 0.01 + 40) + (600 * 0.1 + 600 * 0.02 + 1),
        }
    )


def test_the_total_is_the_sum_and_further_runs_share_what_is_cached() -> None:
    found, parts = estimate(WORK, COSTS), seconds()
    assert found.seconds == pytest.approx(sum(parts.values()))
    cached = parts["decoding"] + parts["reference statistics"] + parts["anchors"]
    assert found.further_seconds == pytest.approx(found.seconds - cached)
    assert found.device_hours == pytest.approx(207 / 3600)
    assert (found.iterations, found.memory_bytes) == (100, 123)
    assert (found.run_bytes, found.cache_bytes) == (4_000_900, 10_000 + 700)


def test_a_budget_of_device_hours_trains_for_that_long() -> None:
    work = dataclasses.replace(WORK, budget=Budget(device_hours=0.5))
    assert estimate(work, COSTS).iterations == 900
    assert seconds(work)["training"] == pytest.approx(1807)
