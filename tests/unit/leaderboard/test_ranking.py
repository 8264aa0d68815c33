"""Rankings: comparable records, their order, and their ranks."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.record_files import ANCHORS, DECLARED, MEASURED, METRICS, PLAYERS, STAMP, plugins, record, under
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.ranking import Ranking, rankings, tied
from vidgen_bench.leaderboard.render.notes import identity, notes
from vidgen_bench.leaderboard.rows import Summary
from vidgen_bench.records.record import Record


def ranked(*records: Record) -> list[Ranking]:
    return rankings([Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(records)])


def declared(**parts: Any) -> dict[str, Any]:
    return copy.deepcopy(DECLARED) | parts


def fid(mean: float, std: float) -> dict[str, list[float]]:
    return {"fid": [mean - std, mean + std], "is": [2.0, 3.0]}


def places(ranking: Ranking) -> dict[str, str]:
    return {r.spec: r.place for r in ranking.rows}


@pytest.mark.parametrize(
    "other",
    [
        {"declared": declared(budget={"iterations": 5}), "track": "test-64~iterations=5"},
        {"declared": declared(budget={"iterations": 5})},
        {"data": record().data.model_dump() | {"fingerprint": "v1:ffff"}},
        under(STAMP.model_copy(update={"sha256": "cd" * 32})),
        {"plugins": plugins(["metric"], distribution="strange")},
        {"plugins": plugins(["instrument"], distribution="strange")},
    ],
    ids=["derived track", "same name", "data", "instrument", "who made the metric", "who made the instrument"],
)
def test_what_differs_is_never_ranked_together(other: dict[str, Any]) -> None:
    found = ranked(record("tgan+ode1"), record("tgan+ode2", **other))
    assert len(found) == 2
    assert all(len(r.rows) == 1 for r in found)
    assert identity(found[0]) != identity(found[1])


def test_two_names_of_one_track_are_one_ranking() -> None:
    (ranking,) = ranked(record("tgan+ode1"), record("tgan+ode2", track="copy-of-it"))
    assert ranking.names == ("copy-of-it", "test-64")
    assert ranking.name == "copy-of-it = test-64"


def test_hardware_matters_only_where_the_budget_is_in_device_hours() -> None:
    elsewhere = MEASURED | {"hardware": "Another GPU"}
    assert len(ranked(record("tgan+ode1"), record("tgan+ode2", measured=elsewhere))) == 1
    timed = declared(budget={"device_hours": 1.0})
    found = ranked(record("tgan+ode1", declared=timed), record("tgan+ode2", declared=timed, measured=elsewhere))
    assert [r.device_model for r in found] == ["Another GPU", "Test CPU"]
    assert "on Another GPU" in identity(found[0])


def test_rankings_depend_on_the_measuring_plugins_not_the_generating_ones() -> None:
    (ranking,) = ranked(record("tgan+ode1"), record("tgan+ode2", plugins=plugins(PLAYERS, distribution="strange")))
    assert "measured by" not in identity(ranking)
    (ranking,) = ranked(record(plugins=plugins(["metric"], distribution="strange")))
    assert identity(ranking).endswith("measured by fid of strange, is of strange")


def test_device_hours_on_one_device_and_on_two_are_not_compared() -> None:
    timed = declared(budget={"device_hours": 1.0})
    two = record().environment.model_dump() | {"world": 2}
    found = ranked(record("tgan+ode1", declared=timed), record("tgan+ode2", declared=timed, environment=two))
    assert [r.device_model for r in found] == ["2 x Test CPU", "Test CPU"]
    assert len(ranked(record("tgan+ode1"), record("tgan+ode2", environment=two))) == 1


def test_a_copy_on_other_threads_is_no_second_seed() -> None:
    """Otherwise its last digits would be the spread, and the row would not tie with the other."""
    threads = record().environment.model_dump() | {"threads": 1}
    copied = record("x+a", scores=fid(100.001, 5), environment=threads)
    (ranking,) = ranked(record("x+a", scores=fid(100, 5)), copied, record("x+b", scores=fid(103, 1)))
    assert places(ranking) == {"x+a": "1-2", "x+b": "1-2"}
    assert ranking.rows[0].row.seeds == [0, 0]
    assert not any("several seeds" in note for note in notes(ranking))


def test_lower_is_better_for_fid_and_higher_for_is() -> None:
    records = {"a": {"is": [2.0, 2.1], "fid": [100.0, 101.0]}, "b": {"is": [5.0, 5.1], "fid": [200.0, 201.0]}}
    by_fid = [record(f"tgan+{n}", scores=s) for n, s in records.items()]
    evaluation = DECLARED["evaluation"] | {"select": "is"}
    by_is = [record(f"tgan+{n}", scores=s, declared=declared(evaluation=evaluation)) for n, s in records.items()]
    assert places(ranked(*by_fid)[0]) == {"tgan+a": "1", "tgan+b": "2"}
    assert places(ranked(*by_is)[0]) == {"tgan+b": "1", "tgan+a": "2"}
    assert [r.spec for r in ranked(*by_is)[0].rows] == ["tgan+b", "tgan+a"]


def test_the_papers_best_and_second_best_are_tied() -> None:
    # table 1 of Gordon and Parde prints 15.20 +- 0.26 bold above 15.06 +- 0.25: within one standard deviation
    evaluation = DECLARED["evaluation"] | {"select": "is"}
    scores = {"tgan+ode1": (15.20, 0.26), "tgan+conv1d": (15.06, 0.25), "tgan+ode1:equal": (14.08, 0.18)}
    (ranking,) = ranked(
        *(
            record(n, scores={"is": [m - s, m + s]}, declared=declared(evaluation=evaluation))
            for n, (m, s) in scores.items()
        )
    )
    assert places(ranking) == {"tgan+ode1": "1-2", "tgan+conv1d": "1-2", "tgan+ode1:equal": "3"}
    assert "A rank such as 1-2 is a tie: two rows are tied if |m1 - m2| <= sqrt(s1² + s2²)." in notes(ranking)


def test_ties_need_not_be_transitive() -> None:
    (ranking,) = ranked(
        record("x+a", scores=fid(100, 5)), record("x+b", scores=fid(106, 5)), record("x+c", scores=fid(112, 5))
    )
    assert places(ranking) == {"x+a": "1-2", "x+b": "1-3", "x+c": "2-3"}


def test_the_edge_of_a_tie() -> None:
    assert tied(Summary(0.0, 3.0, "seeds", 3), Summary(5.0, 4.0, "batches", 4))
    assert not tied(Summary(0.0, 3.0, "seeds", 3), Summary(5.0001, 4.0, "batches", 4))
    assert tied(Summary(0.0, 0.0, "seeds", 3), Summary(0.0, 0.0, "seeds", 3))


def test_a_single_value_is_tied_with_every_row() -> None:
    (ranking,) = ranked(
        record("x+a", scores=fid(1, 0.1)), record("x+b", scores={"fid": [500.0]}), record("x+c", scores=fid(900, 0.1))
    )
    assert places(ranking) == {"x+a": "1-2", "x+b": "1-3", "x+c": "2-3"}
    assert any("a single value" in note for note in notes(ranking))


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 10)), min_size=1, max_size=6))
def test_ranks_agree_with_the_order_and_cover_each_other(scores: list[tuple[float, float]]) -> None:
    (ranking,) = ranked(*(record(f"x+{i}", scores=fid(m, s)) for i, (m, s) in enumerate(scores)))
    assert len(ranking.rows) == len(scores)
    for position, r in enumerate(ranking.rows, start=1):
        assert r.rank is not None
        assert 1 <= r.rank[0] <= position <= r.rank[1] <= len(scores)


def test_rows_without_the_metric_and_diverged_rows_come_last_without_rank() -> None:
    (ranking,) = ranked(
        record("x+diverged", diverged=True),
        record("x+other", scores={"is": [1.0, 2.0]}),
        record("x+good", scores=fid(100, 5)),
    )
    assert [(r.spec, r.place) for r in ranking.rows] == [("x+good", "1"), ("x+other", "–"), ("x+diverged", "–")]


def test_a_track_that_ranks_nothing_has_no_ranks_but_an_order() -> None:
    (ranking,) = ranked(
        record("x+b", scores=fid(200, 1), ranked=False), record("x+a", scores=fid(100, 1), ranked=False)
    )
    assert [(r.spec, r.rank) for r in ranking.rows] == [("x+a", None), ("x+b", None)]
    assert any("ranks nothing" in note for note in notes(ranking))


def test_a_copy_that_claims_to_rank_does_not_make_an_unranked_track_rank() -> None:
    (ranking,) = ranked(record("x+a", ranked=False), record("x+b", track="copy", ranked=True))
    assert not ranking.ranked


def test_a_ranking_where_all_diverged_and_nothing_is_described() -> None:
    (ranking,) = ranked(record(diverged=True, metrics={}, anchors={}))
    assert ranking.better == "higher"
    assert places(ranking) == {"tgan+ode1": "–"}
    assert notes(ranking) == ["No run of this track finished."]


def test_anchors_are_real_above_and_grey_and_noise_below() -> None:
    (ranking,) = ranked(record())
    assert ranking.anchors.above == ["real"]
    assert ranking.anchors.below == ["grey", "noise"]
    assert math.isclose(ranking.anchors.scores["real"]["fid"].mean, 18.525)
    assert ranking.anchors.disagree == ()


def test_records_that_disagree_on_an_anchor_are_doubted() -> None:
    other = ANCHORS | {"grey": {"is": [1.0, 1.0], "fid": [700.0, 700.0]}}
    (ranking,) = ranked(record("x+a"), record("x+b", anchors=other))
    assert ranking.anchors.disagree == ("grey fid",)
    assert any(note.startswith("Caution: the records disagree on the anchors grey fid") for note in notes(ranking))


def test_rounding_of_an_anchor_is_no_disagreement() -> None:
    other = ANCHORS | {"grey": {"is": [1.0, 1.0], "fid": [812.41, 812.41]}}
    assert ranked(record("x+a"), record("x+b", anchors=other))[0].anchors.disagree == ()


def test_several_versions_in_one_row_get_a_caution() -> None:
    newer = plugins(PLAYERS, version="0.2.0")
    (ranking,) = ranked(record(seed=0), record(seed=1, plugins=newer))
    assert "Caution: the runs of tgan+ode1 used several versions of vidgen-bench: 0.1.0, 0.2.0." in notes(ranking)


@pytest.mark.parametrize(
    "other",
    [{"version": "0.2.0"}, {"plugins": plugins(["metric"], version="0.2.0")}],
    ids=["the harness", "a measuring plugin"],
)
def test_rows_measured_with_several_versions_get_a_caution(other: dict[str, Any]) -> None:
    caution = "Caution: the rows were measured with several versions of vidgen-bench: 0.1.0, 0.2.0."
    (ranking,) = ranked(record("x+a"), record("x+b", **other))
    assert [note for note in notes(ranking) if note.startswith("Caution")] == [caution]
    played = plugins(PLAYERS, distribution="strange", version="0.2.0")
    newer = plugins(PLAYERS, distribution="strange", version="0.3.0")
    (ranking,) = ranked(record("x+a", plugins=played), record("x+b", plugins=newer))
    assert not any(note.startswith("Caution") for note in notes(ranking))


def test_notes_say_what_the_spread_is_over() -> None:
    (one,) = ranked(record(seed=0))
    (three,) = ranked(*(record(seed=s) for s in range(3)))
    assert any(n.startswith("± of one seed: population standard deviation over its final batches") for n in notes(one))
    assert not any("several seeds" in n for n in notes(one))
    assert any(n.startswith("± of several seeds: sample standard deviation") for n in notes(three))
    assert not any("one seed" in n for n in notes(three))
    assert notes(one)[0] == (
        "Ordered by FID, lower is better. Scores are from the checkpoint with the best FID, on 4 x 256 fresh samples."
    )
    assert METRICS["fid"]["better"] == one.better
