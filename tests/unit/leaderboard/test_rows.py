"""Rows: the runs of a row, and their mean and spread."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from tests.kit.record_files import MEASURED, PLAYERS, plugins, record
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.rows import Row, labels_of, over_batches, over_seeds, rows_of
from vidgen_bench.records.record import Record


def rows(*records: Record) -> list[Row]:
    return rows_of([Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(records)])


def test_one_run_has_the_population_deviation_of_its_batches() -> None:
    summary = over_batches([[1.0, 2.0, 4.0, 5.0]])
    assert (summary.mean, summary.std, summary.over, summary.count) == (3.0, math.sqrt(2.5), "batches", 4)


def test_several_seeds_have_the_sample_deviation_of_their_means() -> None:
    summary = over_seeds([(0, [1.0, 3.0]), (1, [4.0]), (2, [6.0, 6.0, 6.0])])
    assert (summary.mean, summary.std, summary.over, summary.count) == (4.0, 2.0, "seeds", 3)


def test_one_value_has_no_spread() -> None:
    assert over_batches([[3.0]]).std is None
    assert over_seeds([(0, [3.0])]).std is None


def test_one_seed_run_again_is_one_seed() -> None:
    """Its repeats differ only by the rounding of two machines; the spread is that of its batches."""
    first, again = [300.0, 310.0], [300.001, 310.001]
    summary = over_seeds([(7, first), (7, again)])
    assert (summary.over, summary.count) == ("batches", 4)
    assert summary.mean == pytest.approx(305.0005)
    assert summary.std == pytest.approx(5.0, rel=1e-3)
    assert over_seeds([(7, [300.0]), (7, [300.001])]).std is None


def test_a_seed_that_was_run_twice_weighs_as_much_as_one_that_was_run_once() -> None:
    summary = over_seeds([(0, [1.0, 3.0]), (0, [3.0, 5.0]), (1, [7.0])])
    assert (summary.mean, summary.over, summary.count) == (5.0, "seeds", 2)
    assert summary.std == pytest.approx(math.sqrt(8.0))


def test_seeds_of_one_spec_share_a_row_in_their_order() -> None:
    (row,) = rows(record(seed=2), record(seed=0), record(seed=1))
    assert row.seeds == [0, 1, 2]


@pytest.mark.parametrize(
    "other",
    [
        {"spec": "tgan+ode2"},
        {"options": {"backbone.width": (0.5, "given"), "temporal.order": (1, "name")}},
        {"options": {"backbone.width": (1.0, "default")}},
    ],
    ids=["spec", "value", "missing"],
)
def test_another_spec_or_value_is_another_row(other: dict[str, Any]) -> None:
    assert len(rows(record(), record(**other, seed=1))) == 2


def test_where_a_value_came_from_does_not_matter() -> None:
    options = {"backbone.width": (1.0, "given"), "temporal.order": (1, "name")}
    (row,) = rows(record(seed=0), record(seed=1, options=options))
    assert row.given == {"backbone.width": 1.0}


def test_one_name_from_two_distributions_is_two_rows() -> None:
    both = rows(record(), record(plugins=plugins(PLAYERS, distribution="strange")))
    assert [o for _, o in labels_of(both)] == ["(plugins of vidgen-bench)", "(plugins of strange, vidgen-bench)"]


def test_a_copied_run_counts_once_but_a_repeated_seed_twice() -> None:
    copied = record(measured=MEASURED | {"device_hours": 9.0, "hardware": "another"})
    (row,) = rows(record(), copied)
    assert row.seeds == [0]
    (row,) = rows(record(), record(scores={"fid": [1.0, 2.0], "is": [1.0, 2.0]}))
    assert row.seeds == [0, 0]


def test_diverged_runs_are_counted() -> None:
    (row,) = rows(record(seed=0), record(seed=1, diverged=True))
    assert row.diverged == 1
    assert row.seeds == [0, 1]


def test_labels_show_what_was_given_and_what_else_tells_rows_apart() -> None:
    given = {
        "backbone.width": (0.5, "given"),
        "temporal.embedding": (False, "given"),
        "temporal.widths": ([8, 16], "pairing"),
    }
    other = given | {"temporal.widths": ([8, 32], "pairing")}
    third = given | {"backbone.width": (0.25, "given")}
    labels = labels_of(rows(record(options=given), record(options=other), record(options=third)))
    assert labels == [
        ("tgan+ode1", "backbone.width=0.5 temporal.embedding=false temporal.widths=8,16"),
        ("tgan+ode1", "backbone.width=0.5 temporal.embedding=false temporal.widths=8,32"),
        ("tgan+ode1", "backbone.width=0.25 temporal.embedding=false"),
    ]


def test_versions_of_a_row() -> None:
    newer = [p.model_dump() | {"version": "0.2.0"} for p in record().plugins]
    (row,) = rows(record(seed=0), record(seed=1, plugins=newer))
    assert row.distributions == {"vidgen-bench": {"0.1.0", "0.2.0"}}
