"""Estimates: the seeds that enter, the floor of diverged ones, borrowed intervals, optimism and gain."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from tests.kit.record_files import ANCHORS, STAMP, WATCHED, record, stamps
from vidgen_bench.leaderboard.anchors import anchors_of
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.estimates import Estimate, estimate, floor_of, with_borrowed
from vidgen_bench.leaderboard.rows import Row
from vidgen_bench.leaderboard.statistics.interval import own_interval
from vidgen_bench.records.record import Record


def row(*records: Record) -> Row:
    return Row(tuple(Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(records)))


def fid(seed: int, *values: float, **changes: Any) -> Record:
    return record(seed=seed, scores={"fid": list(values)}, **changes)


def of(*seeds: float) -> Estimate:
    scores = dict(enumerate(seeds))
    return Estimate(scores, math.fsum(seeds) / len(seeds), own_interval(seeds), frozenset())


def test_the_seed_is_the_unit() -> None:
    """Batches of a seed are averaged first: three batches of one seed weigh as much as one batch of another."""
    found = estimate(row(fid(0, 1.0, 3.0, 5.0), fid(1, 5.0)), "fid", -1, None, (0, 1))
    assert found is not None
    assert (found.seeds, found.mean) == ({0: 3.0, 1: 5.0}, 4.0)
    assert found.interval is not None
    assert found.interval.half_width == pytest.approx(12.706205)  # t(0.975, 1) sqrt(2) / sqrt(2)
    assert found.between_batches == 2.0


def test_only_declared_seeds_enter_if_all_are_there() -> None:
    runs = row(fid(0, 1.0), fid(1, 3.0), fid(7, 100.0))
    complete, incomplete = estimate(runs, "fid", -1, None, (0, 1)), estimate(runs, "fid", -1, None, (0, 1, 2))
    assert complete is not None
    assert incomplete is not None
    assert set(complete.seeds) == {0, 1}
    assert set(incomplete.seeds) == {0, 1, 7}


def test_a_seed_that_diverged_once_has_diverged() -> None:
    found = estimate(row(fid(0, 1.0), fid(0, 1.0, diverged=True), fid(1, 3.0)), "fid", -1, 500.0, (0, 1))
    assert found is not None
    assert (found.seeds, found.floored) == ({0: 500.0, 1: 3.0}, {0})
    without = estimate(row(fid(0, 1.0, diverged=True), fid(1, 3.0)), "fid", -1, None, (0, 1))
    assert without is not None
    assert without.seeds == {1: 3.0}


def test_only_grey_and_noise_are_floors() -> None:
    """Any other anchor that one record has would worsen the rows with a diverged seed."""
    own = {**ANCHORS, "black": {"fid": [1e9] * 4}}
    assert floor_of(anchors_of([record(), record(anchors=own)]), "fid", -1) == pytest.approx(1204.2)


def test_no_score_is_no_estimate() -> None:
    assert estimate(row(fid(0, 1.0)), "kid", -1, 500.0, (0,)) is None
    assert estimate(row(record(diverged=True)), "fid", -1, None, (0,)) is None


def test_a_single_seed_borrows_from_rows_without_diverged_seeds() -> None:
    lenders, single = [of(1.0, 2.0, 3.0), of(4.0, 6.0, 8.0)], of(5.0)
    (*_, found) = with_borrowed([*lenders, single], 5)
    assert found is not None
    assert found.interval is not None
    assert found.interval.borrowed
    # by hand: s_p^2 = (2 * 1 + 2 * 4) / 4, t(0.975, 4) = 2.776445
    assert found.interval.half_width == pytest.approx(2.776445105 * math.sqrt(2.5) * math.sqrt(1.2))
    fallen = Estimate({0: 1.0, 1: 900.0, 2: 1.0}, 300.0, None, frozenset({1}))
    (*_, found) = with_borrowed([lenders[0], fallen, single], 5)
    assert found is not None
    assert found.interval is None


def test_optimism_and_gain() -> None:
    trace = [{"iteration": 40 * (i + 1), "losses": {}, "scores": {"fid": 400.0 - i}} for i in range(10)]
    trace[4]["scores"] = {"fid": 300.0}
    changes: dict[str, Any] = {
        "protocols": stamps(STAMP),
        "watched": STAMP.id,
        "trace": trace,
        "best": {"iteration": 200, "metric": "fid", "value": 300.0},
    }
    found = estimate(row(fid(0, 310.0, 314.0, **changes)), "fid", -1, None, (0,))
    assert found is not None
    assert found.optimism == pytest.approx(12.0)  # it looked better by 12 when it was chosen
    assert found.gain == pytest.approx(391.5 - 312.0)  # mean of the last fifth minus the final mean
    # training was watched on another number of samples, which alone changes the distance
    other = fid(0, 310.0, 314.0, **(changes | {"protocols": stamps(STAMP, WATCHED), "watched": WATCHED.id}))
    found = estimate(row(other), "fid", -1, None, (0,))
    assert found is not None
    assert (found.optimism, found.gain) == (None, None)


def test_a_row_of_floors_has_no_interval() -> None:
    found = estimate(row(*(record(seed=s, diverged=True) for s in range(3))), "fid", -1, 500.0, (0, 1, 2))
    assert found is not None
    assert (found.mean, found.interval) == (500.0, None)
    (*_, single) = with_borrowed(
        [of(1.0, 2.0, 3.0), of(4.0, 6.0, 8.0), estimate(row(record(diverged=True)), "fid", -1, 9.0, (0,))], 5
    )
    assert single is not None
    assert single.interval is None


def test_another_instrument_during_training_gives_no_optimism() -> None:
    other = STAMP.model_copy(update={"sha256": "cd" * 32})
    changes: dict[str, Any] = {
        "protocols": stamps(STAMP, other),
        "watched": other.id,
        "trace": [{"iteration": 400, "losses": {}, "scores": {"fid": 300.0}}],
        "best": {"iteration": 400, "metric": "fid", "value": 300.0},
    }
    found = estimate(row(fid(0, 310.0, **changes)), "fid", -1, None, (0,))
    assert found is not None
    assert (found.optimism, found.gain) == (None, None)
