"""The headline of a table claims what its verdicts support, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.kit.record_files import MEASURED, record
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.ranking import Family, rankings
from vidgen_bench.leaderboard.render.headline import headline
from vidgen_bench.records.record import Record


def row(spec: str, distance: float, hours: float = 0.1, score: float = 3.0, **changes: Any) -> list[Record]:
    measured = MEASURED | {"device_hours": hours}
    return [
        record(spec, s, scores={"is": [score + s / 10], "fid": [distance + 3 * s]}, measured=measured, **changes)
        for s in range(5)
    ]


def said(*records: Record, family: Family = "table") -> list[str]:
    entries = [Entry(Path(f"runs/{i}/record.json"), r) for i, r in enumerate(records)]
    return headline(rankings(entries, family)[0])


def test_a_row_that_is_better_than_all_others() -> None:
    (one,) = said(*row("tgan+ode1", 250.0), *row("tgan", 300.0), *row("tgan+sde", 350.0))
    assert (
        one
        == "By FID, tgan+ode1 is better than every other row: than tgan, the next one, by 50.0 FID (95 % interval 43.1 to 56.9; "
        "p = 3.4e-07 after correction for 3 pairs)."
    )


def test_the_cheaper_of_two_that_are_not_separated() -> None:
    first, second = said(*row("tgan+ode1", 250.0, 0.4), *row("tgan", 251.0, 0.1))
    assert first.startswith(
        "By FID, tgan+ode1 has the better mean, but the seeds do not separate it from tgan: the difference is 1.0 FID ("
    )
    assert second == "The cheapest of these is tgan: 0.10 device-hours per run, against 0.40 for tgan+ode1."
    _, second = said(*row("tgan+ode1", 250.0, 0.1), *row("tgan", 251.0, 0.4))
    assert second == "tgan+ode1 is also the cheapest of these: 0.10 device-hours per run, the others up to 0.40."


def test_equal_means_have_no_best_one() -> None:
    (one,) = said(*(record(f"tgan+ode{i}", s, scores={"is": [1.0], "fid": [300.0]}) for i in (1, 2) for s in range(5)))
    assert one == (
        "By FID, tgan+ode1 is listed first, but the seeds do not separate it from tgan+ode2: the difference is 0.00 FID "
        "(not separated: there is no spread between seeds)."
    )


def test_the_difference_is_that_from_a_row_that_is_not_separated() -> None:
    wild = [record("tgan+sde", s, scores={"is": [3.0], "fid": [280.0 + 60 * s]}) for s in range(5)]
    first, _ = said(*row("tgan+ode1", 250.0), *row("tgan", 300.0), *wild)
    assert first.startswith(
        "By FID, tgan+ode1 has the best mean, but the seeds do not separate it from tgan+sde: the difference is 144.0 FID ("
    )


def test_another_metric_disagrees() -> None:
    _, second = said(*row("tgan+ode1", 250.0, score=3.0), *row("tgan", 300.0, score=5.0))
    assert second == "IS disagrees: by it, tgan+ode1 has rank 2."
    others = *row("tgan", 300.0, score=3.0), *row("tgan+sde", 350.0, score=4.0)
    _, second = said(*row("tgan+ode1", 250.0, score=5.0), *others)
    assert second == "FID and IS contradict each other: each separates tgan and tgan+sde, in opposite directions."


def test_nothing_to_compare() -> None:
    assert said(*row("tgan", 300.0)) == [
        "tgan has rank 1 because no other row of this table is ranked: nothing was compared."
    ]
    assert said(record()) == ["Nothing is ranked: no row has a score for each of the seeds 0-4."]
    assert said(record(ranked=False)) == ["This track ranks nothing: its rows are listed in order, without ranks."]


def test_backbones_have_a_sentence_each() -> None:
    rows = [*row("tgan+ode1", 250.0), *row("tgan", 300.0), *row("mocogan+ode1", 400.0), *row("mocogan", 401.0)]
    found = said(*rows, family="backbone")
    assert [one.split(":")[0] for one in found] == [
        "By FID, tgan+ode1 is better than tgan by 50.0 FID (95 % interval 43.1 to 56.9).",
        "By FID, mocogan+ode1 has the better mean, but the seeds do not separate it from mocogan",
    ]


NULL = {"model": {"null": True}}


def test_null_models_that_are_beaten() -> None:
    of_tgan = [*row("tgan+ode1", 250.0), *row("tgan", 260.0), *row("tgan+constant", 300.0, **NULL)]
    *_, last = said(*of_tgan, *row("tgan+iid", 310.0, **NULL))
    assert (
        last
        == "By FID, each of the 2 other tested rows of tgan is better than the null models tgan+constant and tgan+iid."
    )
    *_, last = said(*row("tgan+ode1", 250.0), *row("tgan+iid", 310.0, **NULL))
    assert last == "By FID, tgan+ode1 is better than the null model tgan+iid."


def test_null_models_that_are_not_beaten() -> None:
    found = said(
        *row("tgan+ode1", 250.0), *row("tgan", 301.0), *row("tgan+constant", 300.0, **NULL), *row("tgan+gru", 340.0)
    )
    assert found[-2:] == [
        "By FID, the seeds do not separate the null model tgan+constant from tgan: they do not show that the temporal generator gains "
        "anything there.",
        "By FID, the null model tgan+constant is better than tgan+gru.",
    ]


def test_a_null_model_is_compared_with_its_own_backbone_alone() -> None:
    found = said(*row("tgan+ode1", 250.0), *row("mocogan+iid", 310.0, **NULL))
    assert not [line for line in found if "null model" in line]


def test_null_models_that_are_not_tested() -> None:
    found = said(
        *row("tgan+ode1", 250.0), *row("tgan", 260.0), *row("tgan+iid", 310.0, **NULL)[:3], *row("tgan+gru", 900.0)[:4]
    )
    assert found[-1] == "Nothing is compared with the null model tgan+iid, which is not tested."
    assert not [line for line in found if "every other row" in line]
    same = {"scores": {"is": [3.0], "fid": [300.0]}}
    still = [record("tgan+iid", s, **same, **NULL) for s in range(5)]
    other = [record("tgan", s, scores={"is": [3.0], "fid": [310.0]}) for s in range(5)]
    assert (
        said(*still, *other)[-1]
        == "By FID, the null model tgan+iid and tgan are not testable: their seeds have no spread."
    )


def test_a_row_that_is_not_tested_is_not_beaten() -> None:
    first, *_ = said(*row("tgan+ode1", 250.0), *row("tgan", 300.0), *row("tgan+sde", 310.0), *row("tgan+gru", 20.0)[:4])
    assert first.startswith(
        "By FID, tgan+ode1 is better than every other tested row: than tgan, the next one, by 50.0 FID ("
    )
