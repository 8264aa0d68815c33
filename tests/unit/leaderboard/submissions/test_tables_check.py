"""Records of one table have equal anchors, and a track usually has one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from tests.kit.record_files import ANCHORS, DECLARED, MEASURED, METRICS, STAMP, record, under
from tests.kit.submitted_results import scores, seeds_of
from vidgen_bench.leaderboard.submissions.findings import Finding
from vidgen_bench.leaderboard.submissions.layout import record_place
from vidgen_bench.leaderboard.submissions.tables_check import of_tables
from vidgen_bench.records.record import Record

EASY: Mapping[str, Mapping[str, Sequence[float]]] = {
    "real": {"is": [50.0] * 4, "fid": [0.1] * 4},
    "grey": {"is": [3.0] * 4, "fid": [320.0] * 4},
    "noise": {"is": [3.0] * 4, "fid": [320.0] * 4},
}
"""Edited anchors, with a floor near the scores."""


def findings(*records: Record, earlier: Iterable[Record] = ()) -> list[Finding]:
    return list(of_tables({str(record_place(r)): r for r in records}, [str(record_place(r)) for r in earlier]))


def test_one_table_with_equal_anchors_raises_no_question() -> None:
    rounded = {name: {m: [v * 1.001 for v in values] for m, values in of.items()} for name, of in ANCHORS.items()}
    assert findings(*seeds_of(), *seeds_of("tgan+ode2", anchors=rounded)) == []


APART: dict[str, tuple[dict[str, Any], str]] = {
    "data": ({"data": {**record().data.model_dump(), "fingerprint": "v1:ffff"}}, "differs in data"),
    "protocol": (under(STAMP.model_copy(update={"sha256": "cd" * 32})), "differs in protocol"),
}


@pytest.mark.parametrize("name", APART)
def test_a_second_table_of_a_track_is_for_a_person(name: str) -> None:
    changes, reason = APART[name]
    (found,) = findings(*seeds_of("tgan+iid", seeds=[0], **changes), *seeds_of("tgan+ode1", seeds=[0, 1]))
    assert (found.kind, found.path) == ("look", "test-64")
    assert f"test-64/tgan+iid {reason} from test-64/tgan+ode1" in found.reason


def test_hardware_divides_the_table_of_a_track_in_device_hours() -> None:
    declared = DECLARED | {"budget": {"device_hours": 1.0}}
    other = {"declared": declared, "measured": MEASURED | {"hardware": "Other CPU"}}
    assert findings(*seeds_of(declared=declared), *seeds_of("tgan+iid", **other)) == []


def edited() -> list[Record]:
    """Return a result whose anchors were edited, so that the diverged seed takes an easy floor; its paths come first."""
    return [record("mocogan+ode1", s, scores=scores(s), anchors=EASY, diverged=s == 4) for s in range(5)]


def test_other_anchors_than_those_that_were_there_are_faults() -> None:
    old = seeds_of()
    found = findings(*edited(), *old, earlier=old)
    assert {(f.kind, f.path) for f in found} == {("fault", str(record_place(r))) for r in edited()}
    assert "grey fid is 320, not 812.4" in found[0].reason


@pytest.mark.parametrize("others", [["tgan+ode1"], ["tgan+ode1", "tgan+ode2"]])
def test_without_a_base_anchors_that_disagree_are_for_a_person(others: list[str]) -> None:
    found = findings(*edited(), *(r for spec in others for r in seeds_of(spec)))
    assert {f.kind for f in found} == {"look"}
    assert "test-64/mocogan+ode1" in {f.path for f in found}


def test_records_that_disagreed_before_decide_nothing() -> None:
    old = [*edited(), *seeds_of()]
    found = findings(*old, *seeds_of("tgan+ode2"), earlier=old)
    assert {f.kind for f in found} == {"look"}


def described(metric: str, spec: str, anchor: float = 1.0, **changes: object) -> list[Record]:
    """Return the records of a row with a further metric of another package."""
    entry = {"title": "Mine", "better": "higher", "protocol": STAMP.id, "extra": True, **changes}
    metrics = {**METRICS, metric: entry}
    anchors = {name: {**found, metric: [anchor] * 4} for name, found in ANCHORS.items()}
    listed = [
        p if p["name"] != metric else p | {"distribution": "mine"}
        for p in record(metrics=metrics).model_dump()["plugins"]
    ]
    return [
        record(spec, s, scores=scores(s) | {metric: [2.0 + s] * 4}, metrics=metrics, anchors=anchors, plugins=listed)
        for s in range(5)
    ]


def test_another_better_direction_than_before_is_a_fault() -> None:
    """More records than there were would turn the order of the column."""
    old = described("mine", "tgan+ode1")
    turned = [r for spec in ("tgan+iid", "tgan+gru") for r in described("mine", spec, better="lower")]
    found = findings(*turned, *old, earlier=old)
    assert {(f.kind, f.path) for f in found} == {("fault", str(record_place(r))) for r in turned}
    assert found[0].reason.startswith("metrics.mine: better is lower; test-64/tgan+ode1/seed-0.json has higher.")


@pytest.mark.parametrize("change", [{"title": "My FID"}, {"caveat": ""}])
def test_another_title_or_caveat_than_before_is_for_a_person(change: dict[str, str]) -> None:
    """More records than there were would rename the column, or take its warning away."""
    old = described("mine", "tgan+ode1", caveat="rank-deficient")
    turned = [
        r
        for spec in ("tgan+iid", "tgan+gru")
        for r in described("mine", spec, **{"caveat": "rank-deficient", **change})
    ]
    found = findings(*turned, *old, earlier=old)
    assert [(f.kind, f.path) for f in found] == [("look", "test-64/tgan+iid"), ("look", "test-64/tgan+gru")]
    assert "test-64/tgan+ode1/seed-0.json has the title Mine and the caveat rank-deficient. Was" in found[0].reason


def test_new_metrics_with_contradicting_anchors_are_for_a_person() -> None:
    old = seeds_of()
    found = findings(*old, *described("mine", "tgan+iid"), *described("mine", "tgan+gru", anchor=5.0), earlier=old)
    assert [(f.kind, "grey mine is 5, not 1" in f.reason) for f in found] == [("look", True)]


def test_one_unsettled_anchor_unsettles_no_other() -> None:
    """Two rows that contradict each other about a metric of their own, and later a row with an easy floor."""
    old = [*seeds_of(), *described("mine", "tgan+iid"), *described("mine", "tgan+gru", anchor=5.0)]
    found = findings(*edited(), *old, earlier=old)
    assert {f.path for f in found if f.kind == "fault"} == {str(record_place(r)) for r in edited()}
