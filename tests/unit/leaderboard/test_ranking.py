"""Rankings: comparable records, their order, and their ranks."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.record_files import (
    ANCHORS,
    DECLARED,
    EXTERNAL,
    MEASURED,
    METRICS,
    PLAYERS,
    STAMP,
    plugins,
    record,
    under,
)
from tests.kit.submitted_results import submitted
from vidgen_bench.leaderboard import errata
from vidgen_bench.leaderboard import ranking as ranking_module
from vidgen_bench.leaderboard.collect import Entry, collect
from vidgen_bench.leaderboard.errata import Erratum
from vidgen_bench.leaderboard.ranking import Ranking, rankings
from vidgen_bench.leaderboard.render.latex import render_latex
from vidgen_bench.leaderboard.render.markdown import render_markdown
from vidgen_bench.leaderboard.render.notes import identity, notes
from vidgen_bench.leaderboard.submissions.tombstone import withdraw
from vidgen_bench.records.record import Record


def ranked(*records: Record) -> list[Ranking]:
    return rankings([Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(records)])


def declared(**parts: Any) -> dict[str, Any]:
    return copy.deepcopy(DECLARED) | parts


def fid(mean: float, std: float = 1.0) -> dict[str, list[float]]:
    return {"fid": [mean - std, mean + std], "is": [2.0, 3.0]}


def five(spec: str, mean: float, sd: float = 1.0, **changes: Any) -> list[Record]:
    """Return five seeds whose scores have this mean and about this standard deviation."""
    return [record(spec, seed, scores=fid(mean + sd * (seed - 2) / math.sqrt(2.5)), **changes) for seed in range(5)]


def places(ranking: Ranking, metric: str = "fid") -> dict[str, str]:
    return {r.spec: r.place(metric) for r in ranking.rows}


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
    """Otherwise its last digits would be taken for the spread between seeds."""
    threads = record().environment.model_dump() | {"threads": 1}
    (ranking,) = ranked(record("x+a", scores=fid(100)), record("x+a", scores=fid(100.001), environment=threads))
    estimate = ranking.rows[0].estimates["fid"]
    assert ranking.rows[0].row.seeds == [0, 0]
    assert (list(estimate.seeds), estimate.interval) == ([0], None)


def test_lower_is_better_for_fid_and_higher_for_is() -> None:
    low, high = five("tgan+a", 100), five("tgan+b", 200)
    higher = [r.model_copy(update={"scores": {"is": r.scores["fid"], "fid": r.scores["fid"]}}) for r in (*low, *high)]
    (by_fid,) = ranked(*higher)
    assert places(by_fid) == {"tgan+a": "1", "tgan+b": "2"}
    assert places(by_fid, "is") == {"tgan+a": "2", "tgan+b": "1"}
    assert any("IS contradict each other" in note for note in notes(by_fid))
    evaluation = DECLARED["evaluation"] | {"select": "is"}
    by_is = ranked(
        *(r for mean, n in ((1, "a"), (5, "b")) for r in five(f"x+{n}", mean, declared=declared(evaluation=evaluation)))
    )
    assert by_is[0].better == "higher"


def test_the_papers_difference_is_not_separated_by_five_seeds() -> None:
    """Table 1 of Gordon and Parde prints 15.20 bold above 15.06; the authors' own runs differ by 0.295."""
    (ranking,) = ranked(*five("x+ode1", 15.20, 0.295), *five("x+conv1d", 15.06, 0.295), *five("x+ode3", 13.39, 0.295))
    assert places(ranking) == {"x+ode3": "1", "x+conv1d": "2-3", "x+ode1": "2-3"}
    assert any("x+conv1d - x+ode1: -0.14 FID (" in n and n.endswith(": not separated.") for n in notes(ranking))
    assert any(
        n.startswith("Resolution: 5 seeds, median standard deviation between seeds 0.29") for n in notes(ranking)
    )


def test_ranks_need_not_be_transitive() -> None:
    (ranking,) = ranked(*five("x+a", 100), *five("x+b", 101.5), *five("x+c", 103))
    assert places(ranking) == {"x+a": "1-2", "x+b": "1-3", "x+c": "2-3"}


def test_a_row_without_all_declared_seeds_is_not_ranked_and_says_what_to_run() -> None:
    given = {"backbone.width": (0.5, "given"), "temporal.order": (1, "name")}
    incomplete = [record("x+b", s, scores=fid(1), options=given, track="test-64~iterations=5") for s in (0, 1, 3)]
    complete = [r.model_copy(update={"track": incomplete[0].track}) for r in five("x+a", 100)]
    (ranking,) = ranked(*complete, *incomplete)
    assert places(ranking) == {"x+a": "1", "x+b": "–"}  # listed below, although its mean is better
    assert ranking.rows[1].missing == (2, 4)
    assert (
        "x+b backbone.width=0.5 is not ranked: seeds 2,4 missing. Run: vidgen-bench run x+b --track test-64.toml "
        "--budget iterations=5 --set backbone.width=0.5 --seeds 2,4" in notes(ranking)
    )


def test_the_best_five_of_many_seeds_are_no_better_rank() -> None:
    """A rank uses seeds 0-4; further ones do not enter, however good they are."""
    flattering = [record("x+a", seed, scores=fid(1)) for seed in range(5, 20)]
    (ranking,) = ranked(*five("x+a", 100), *flattering, *five("x+b", 90))
    assert [r.spec for r in ranking.rows] == ["x+b", "x+a"]
    assert ranking.rows[1].estimates["fid"].mean == pytest.approx(100)
    (ranking,) = ranked(*five("x+b", 90), *flattering)
    assert places(ranking) == {"x+b": "1", "x+a": "–"}


def test_the_most_seeds_that_any_record_declares_count() -> None:
    lenient = [r.model_copy(update={"track": r.track.model_copy(update={"seeds": 2})}) for r in five("x+a", 1)[:2]]
    (alone,) = ranked(*lenient)
    assert places(alone) == {"x+a": "1"}
    (ranking,) = ranked(*lenient, *five("x+b", 9))
    assert places(ranking) == {"x+b": "1", "x+a": "–"}


def test_one_diverged_seed_takes_the_floor_and_two_make_the_row_last() -> None:
    once, twice = five("x+a", 100), five("x+b", 50)
    once[1] = record("x+a", 1, diverged=True)
    twice[0], twice[4] = (record("x+b", s, diverged=True) for s in (0, 4))
    (ranking,) = ranked(*once, *twice, *five("x+c", 900))
    assert ranking.rows[-1].spec == "x+b"
    assert ranking.rows[-1].ranks["fid"] == (3, 3)
    estimate = next(r for r in ranking.rows if r.spec == "x+a").estimates["fid"]
    assert estimate.seeds[1] == pytest.approx(1204.2, abs=0.1)  # the worse of grey (812) and noise (1204)
    assert not {0, 1} & {p.first for p in ranking.standings["fid"].pairs if p.second == 2}  # the last row is in no test
    assert "x+b is last without a test: 2 of 5 seeds diverged." in notes(ranking)


def test_a_row_whose_every_seed_diverged_is_last() -> None:
    (ranking,) = ranked(*(record("x+a", s, diverged=True) for s in range(5)), *five("x+b", 100))
    assert places(ranking) == {"x+b": "1", "x+a": "2"}
    assert not any("has one seed" in note for note in notes(ranking))


@pytest.mark.parametrize("fallen", [["x+a"], ["x+a", "x+b"]])
def test_rows_that_diverged_have_no_rank_without_a_row_before_them(fallen: list[str]) -> None:
    (ranking,) = ranked(*(record(spec, s, diverged=True) for spec in fallen for s in range(5)))
    assert [row.ranks for row in ranking.rows] == [{}] * len(fallen)
    assert [n for n in notes(ranking) if "x+a" in n] == [
        "x+a is not ranked: 5 of 5 seeds diverged. Such a row is last, but this table has no row with fewer than 2 before it."
    ]
    assert not any(note.startswith("Ranks") for note in notes(ranking))


def test_a_rank_without_another_row_says_so() -> None:
    alone = "x+a has rank 1 because no other row of this table is ranked: nothing was compared."
    (ranking,) = ranked(*five("x+a", 100), *five("x+b", 100)[:4])
    assert alone in notes(ranking)
    assert not any(note.startswith("Ranks") for note in notes(ranking))
    (ranking,) = ranked(*five("x+a", 100), *(record("x+b", s, diverged=True) for s in range(5)))
    assert alone not in notes(ranking)


def test_the_distance_to_the_floor_is_no_spread_between_seeds() -> None:
    """The resolution rests on rows without a diverged seed, and a note says that such a seed makes a row hard to separate."""
    fallen = five("x+a", 500)
    fallen[1] = record("x+a", 1, diverged=True)
    without, with_one = ranked(*five("x+b", 100), *five("x+c", 110)), ranked(*five("x+b", 100), *fallen)
    assert with_one[0].standings["fid"].resolution is not None
    assert without[0].standings["fid"].resolution is not None
    assert with_one[0].standings["fid"].resolution.sd == pytest.approx(without[0].standings["fid"].resolution.sd)
    assert any("also widens its ±" in note for note in notes(with_one[0]))
    assert not any("also widens its ±" in note for note in notes(without[0]))


def with_backbone(spec: str, mean: float) -> list[Record]:
    """Return five seeds of a spec, whose backbone plugin has the name before the plus."""
    made, name = five(spec, mean), spec.partition("+")[0]
    played = [p.model_copy(update={"name": name}) if p.kind == "backbone" else p for p in made[0].plugins]
    return [r.model_copy(update={"plugins": tuple(played)}) for r in made]


def test_ranks_inside_each_backbone() -> None:
    means = {"x+a": 100, "x+b": 120, "y+a": 500, "y+b": 490}
    records = [r for spec, mean in means.items() for r in with_backbone(spec, mean)]
    entries = [Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(records)]
    (ranking,) = rankings(entries, "backbone")
    assert places(ranking) == {"x+a": "1", "x+b": "2", "y+b": "1", "y+a": "2"}
    pairs = ranking.standings["fid"].pairs
    assert [(p.first, p.second) for p in pairs] == [(0, 1), (2, 3)]
    assert all(p.test is not None and p.corrected_p == p.test.p for p in pairs)  # one pair in each family
    assert "\\midrule\ny+b & " in render_latex([ranking])
    assert any(n.startswith("Ordered by FID inside each backbone, lower") for n in notes(ranking))
    (whole,) = rankings(entries)
    assert len(whole.standings["fid"].pairs) == 6
    assert any("--within backbone" in note for note in notes(whole))


def test_a_row_that_is_alone_in_its_backbone_is_compared_with_nothing() -> None:
    records = [r for spec, mean in {"x+a": 100, "x+b": 100, "y+a": 500}.items() for r in with_backbone(spec, mean)]
    (ranking,) = rankings([Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(records)], "backbone")
    assert "y+a has rank 1 because no other row of its backbone is ranked: nothing was compared." in notes(ranking)
    assert r"\textbf" not in render_latex([ranking])  # it would be the worst score of the table


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 10)), min_size=1, max_size=4))
def test_ranks_agree_with_the_order_and_cover_each_other(scores: list[tuple[float, float]]) -> None:
    (ranking,) = ranked(*(r for i, (mean, sd) in enumerate(scores) for r in five(f"x+{i}", mean, sd)))
    assert len(ranking.rows) == len(scores)
    for position, row in enumerate(ranking.rows, start=1):
        best, worst = row.ranks["fid"]
        assert 1 <= best <= position <= worst <= len(scores)


def test_rows_without_the_metric_and_diverged_rows_come_last_without_rank() -> None:
    (ranking,) = ranked(
        record("x+diverged", diverged=True, anchors={}),
        record("x+other", scores={"is": [1.0, 2.0]}, anchors={}),
        record("x+good", scores=fid(100, 5), anchors={}),
    )
    assert [(r.spec, r.ranks) for r in ranking.rows] == [("x+good", {}), ("x+other", {}), ("x+diverged", {})]


def test_a_track_that_ranks_nothing_has_no_ranks_but_an_order() -> None:
    (ranking,) = ranked(*five("x+b", 200, ranked=False), *five("x+a", 100, ranked=False))
    assert [(r.spec, r.ranks) for r in ranking.rows] == [("x+a", {}), ("x+b", {})]
    assert ranking.standings == {}
    assert any("ranks nothing" in note for note in notes(ranking))


def test_a_copy_that_claims_to_rank_does_not_make_an_unranked_track_rank() -> None:
    (ranking,) = ranked(record("x+a", ranked=False), record("x+b", track="copy", ranked=True))
    assert not ranking.ranked


def test_a_ranking_where_all_diverged_and_nothing_is_described() -> None:
    (ranking,) = ranked(record(diverged=True, metrics={}, anchors={}))
    assert ranking.better == "higher"
    assert places(ranking) == {"tgan+ode1": "–"}
    assert notes(ranking)[0] == "No run of this track finished."


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


def with_grey(spec: str, fid: float, seeds: int, diverged: int = 0) -> list[Record]:
    """Return the seeds of a spec, whose records have this FID of the grey and noise anchors; the last ones diverged."""
    floor = {"is": [1.0], "fid": [fid]}
    other = ANCHORS | {"grey": floor, "noise": floor}
    return [record(spec, s, anchors=other, diverged=s >= seeds - diverged) for s in range(seeds)]


@pytest.mark.parametrize("edited", ["a+a", "z+z"])
def test_the_floor_is_that_of_the_majority_whatever_the_order_of_files(edited: str) -> None:
    (ranking,) = ranked(*with_grey(edited, 320.0, 4), *with_grey("x+b", 900.0, 5, diverged=1))
    (row,) = [r for r in ranking.rows if r.spec == "x+b"]
    assert row.estimates["fid"].seeds[4] == 900.0
    assert any(note.endswith("The median is shown.") for note in notes(ranking))


def test_no_floor_is_one_without_a_majority() -> None:
    (ranking,) = ranked(*with_grey("a+a", 320.0, 5), *with_grey("x+b", 900.0, 5, diverged=1))
    (row,) = [r for r in ranking.rows if r.spec == "x+b"]
    assert 4 not in row.estimates["fid"].seeds
    assert row.estimates["is"].seeds[4] == 1.0
    assert any("No majority agrees on grey fid, noise fid" in note for note in notes(ranking))


def test_an_unsettled_ceiling_takes_no_floor_away() -> None:
    other = ANCHORS | {"real": {"is": [9.9], "fid": [99.0]}}
    (ranking,) = ranked(record("x+a"), record("x+b", anchors=other))
    (caution,) = [note for note in notes(ranking) if note.startswith("Caution")]
    assert caution.endswith("The median is shown.")


def test_a_wide_spread_of_one_record_excuses_no_disagreement() -> None:
    other = ANCHORS | {"grey": {"is": [1.0, 1.0], "fid": [-1000.0, 1640.0]}}
    (ranking,) = ranked(record("x+a"), record("x+b", anchors=other))
    assert ranking.anchors.disagree == ("grey fid",)


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


def test_notes_say_what_the_intervals_are() -> None:
    (several,) = ranked(*five("x+a", 100), *five("x+b", 100))
    (one,) = ranked(*five("x+a", 100), *five("x+b", 100), record("x+c", scores=fid(100)))
    (alone,) = ranked(record("x+c", scores=fid(100)))
    own = "± of a row: 95 % confidence interval of the mean over its seeds."
    assert own in notes(several)
    assert any(n.startswith("(±) of a row with one seed:") for n in notes(one))
    assert not any(n.startswith("(±)") for n in notes(several))
    assert "A row without ± has one seed: nothing is known about its spread between seeds." in notes(alone)
    assert own not in notes(alone)
    assert notes(one)[0] == (
        "Ordered by FID, lower is better. Scores are from the checkpoint with the best FID, on 2 batches of 256 fresh samples."
    )
    assert METRICS["fid"]["better"] == one.better


def test_a_score_that_is_known_to_be_wrong_is_shown_without_a_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Erratum(versions=("0.0.9",), metric="is", protocol="c3d-tgan-v1", reason="The mean was subtracted twice.")
    monkeypatch.setattr(errata, "known_errata", lambda: (wrong,))
    monkeypatch.setattr(ranking_module, "known_errata", lambda: (wrong,))
    old = [r.model_copy(update={"plugins": _versioned(r, "is", "0.0.9")}) for r in five("x+a", 100)]
    (ranking,) = ranked(*old, *five("x+b", 110))
    first = ranking.rows[0]
    assert (first.spec, first.errata, set(first.ranks)) == ("x+a", {"is": wrong.reason}, {"fid"})
    assert "x+a: IS is known to be wrong and not ranked: The mean was subtracted twice." in notes(ranking)
    assert "~~2.50" in render_markdown([ranking])


def _versioned(record: Record, metric: str, version: str) -> tuple[Any, ...]:
    return tuple(p.model_copy(update={"version": version}) if p.name == metric else p for p in record.plugins)


def test_a_withdrawn_seed_is_missing_and_its_reason_is_told(tmp_path: Path) -> None:
    scores = [{"fid": [100.0 + s, 101, 102, 103], "is": [2.0, 2.1, 2.2, 2.3 + s]} for s in range(5)]
    files = submitted(tmp_path, *(record("x+a", s, scores=v) for s, v in enumerate(scores)))
    withdraw(files[3], "trained on the test split")
    found = collect([], [tmp_path])
    (ranking,) = rankings(found.entries, withdrawn=found.withdrawn)
    assert (ranking.rows[0].missing, ranking.rows[0].ranks) == ((3,), {})
    assert "x+a is not ranked: seed 3 was withdrawn: trained on the test split." in notes(ranking)


def test_an_extra_metric_that_contradicts_is_only_named_where_it_is_shown() -> None:
    extra = {"title": "KID", "better": "lower", "protocol": STAMP.id, "extra": True}

    def row(spec: str, mean: float, kid: float) -> list[Record]:
        scores = [{"fid": [mean + s], "is": [2.0 + s], "kid": [kid + s / 100]} for s in range(5)]
        return [record(spec, s, scores=v, metrics={**METRICS, "kid": extra}) for s, v in enumerate(scores)]

    (ranking,) = ranked(*row("x+a", 100, 9.0), *row("x+b", 200, 1.0))
    assert any("FID and KID contradict each other" in note for note in notes(ranking))
    assert not any("KID" in note for note in notes(ranking.plain()))


def test_the_first_contradictions_are_listed_and_the_others_counted() -> None:
    rows = [
        [record(f"x+{i}", s, scores={"fid": [100.0 * i + 100 + s], "is": [2.0 * i + 2 + s / 100]}) for s in range(5)]
        for i in range(6)
    ]
    (ranking,) = ranked(*(r for row in rows for r in row))
    *listed, last = [note for note in notes(ranking) if "opposite directions" in note]
    pairs = [(0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (1, 2)]
    assert listed == [
        f"FID and IS contradict each other: each separates x+{a} and x+{b}, in opposite directions." for a, b in pairs
    ]
    assert last == "... and 9 more pairs that two metrics separate in opposite directions."


def test_a_diverged_seed_without_a_floor_says_so() -> None:
    (ranking,) = ranked(*(record("x+a", s, diverged=s == 1, anchors={}) for s in range(5)))
    assert (
        "x+a is not ranked by FID: it has no score for seed 1, which diverged, and there is no floor to count for it."
        in notes(ranking)
    )


def test_a_complete_row_without_a_rank_says_why() -> None:
    partly = five("x+a", 100)
    partly[1] = record("x+a", 1, scores={"fid": [100.0]})
    (ranking,) = ranked(*partly, *five("x+b", 200))
    assert set(next(r for r in ranking.rows if r.spec == "x+a").ranks) == {"fid"}
    assert any(note == "x+a is not ranked by IS: it has no score for seed 1." for note in notes(ranking))
    text = render_latex([ranking])
    assert text.count(r"\textbf{") == 1  # not the only row that is ranked by IS


def test_neighbours_are_listed_across_unranked_rows() -> None:
    records = [r for i in range(5) for r in five(f"x+{i}", 100.0 * i + 100)]
    clips = [record(f"clips-{i}", scores=fid(100.0 * i + 150), **EXTERNAL) for i in range(4)]
    (ranking,) = ranked(*records, *clips)
    listed = [note for note in notes(ranking) if " - x+" in note]
    assert [note.partition(":")[0] for note in listed] == ["x+0 - x+1", "x+1 - x+2", "x+2 - x+3", "x+3 - x+4"]


def test_of_a_long_table_the_neighbours_at_its_top_are_listed_and_of_each_backbone_too() -> None:
    def listed(ranking: Ranking) -> list[str]:
        return [note.partition(":")[0] for note in notes(ranking) if " - " in note and "p = " in note]

    specs = [f"{backbone}+{i:02}" for backbone in ("a", "b") for i in range(12)]
    records = [r for place, spec in enumerate(specs) for r in with_backbone(spec, 100.0 * place + 100)]
    (ranking,) = ranked(*records)
    assert listed(ranking) == [f"a+{i:02} - a+{i + 1:02}" for i in range(10)]
    assert any(
        "276 pairs are separated by FID; the first neighbours are listed, and" in note for note in notes(ranking)
    )
    (ranking,) = rankings([Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(records)], "backbone")
    assert listed(ranking) == [f"{b}+{i:02} - {b}+{i + 1:02}" for b in ("a", "b") for i in range(10)]


def test_seeds_outside_the_score_and_repeated_seeds_are_named() -> None:
    (ranking,) = ranked(*five("x+a", 100), record("x+a", 7, scores=fid(1)), record("x+a", 2, scores=fid(500)))
    assert "x+a: the score is of seeds 0-4; further seeds (7) are not part of it." in notes(ranking)
    assert any(note.startswith("Caution: x+a has several different runs of seed 2;") for note in notes(ranking))


def test_two_sets_of_clips_with_one_name_have_two_labels() -> None:
    other = EXTERNAL | {"external": EXTERNAL["external"] | {"sha256": "aa" * 32}}
    (ranking,) = ranked(record("mine", **EXTERNAL), record("mine", **other))
    assert len({row.label for row in ranking.rows}) == 2
