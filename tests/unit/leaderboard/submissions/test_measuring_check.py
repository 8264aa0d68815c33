"""A submitted record was measured as its track declares; otherwise it would be alone in a table of its own, at rank 1."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from tests.kit.record_files import ANCHORS, DECLARED, METRICS, STAMP, WATCHED, plugins, record, stamps
from vidgen_bench.config.protocol import Stamp
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.comparable import measured_by
from vidgen_bench.leaderboard.rows import rows_of
from vidgen_bench.leaderboard.submissions.layout import record_place
from vidgen_bench.leaderboard.submissions.record_check import Refused, check_record
from vidgen_bench.leaderboard.submissions.row_identity import row_hash
from vidgen_bench.records.record import Record


def refusal(made: Record) -> str:
    """Return why a record is refused; empty if it is accepted."""
    try:
        check_record(made.text().encode(), str(record_place(made)))
    except Refused as error:
        return str(error)
    return ""


def without(metric: str, *parts: str, **changes: Any) -> Record:
    """Return a record from whose parts a metric is left out."""
    table = record(**changes).model_dump(mode="json", by_alias=True)
    for part in parts:
        for entries in table[part].values() if part == "anchors" else [table[part]]:
            entries.pop(metric)
    return Record.model_validate(table)


def declaring(**changes: Any) -> dict[str, Any]:
    """Return a declaration with changed parts, each merged into the part as it is."""
    declared = copy.deepcopy(DECLARED)
    for part, change in changes.items():
        declared[part] |= change
    return declared


def measured(stamp: Stamp, *metrics: str) -> dict[str, Any]:
    """Return the changes of a record whose metrics, the two of them unless named, have another protocol."""
    entries = record().model_dump(mode="json")["metrics"]
    for metric in metrics or ("is", "fid"):
        entries[metric]["protocol"] = stamp.id
    return {"metrics": entries, "protocols": stamps(STAMP, WATCHED, stamp)}


OTHER = STAMP.model_copy(update={"protocol": {**STAMP.protocol, "name": "mine"}})
"""The protocol of somebody's own, with as many samples."""


@pytest.mark.parametrize("parts", [("metrics", "scores", "anchors"), ("scores",)])
def test_no_metric_of_the_protocol_is_left_out(parts: tuple[str, ...]) -> None:
    assert "scores: no is, which the protocol of its track has" in refusal(without("is", *parts))


def test_a_metric_of_the_protocol_has_its_anchors() -> None:
    assert "anchors: no is of real, grey, noise" in refusal(without("is", "anchors"))


def test_an_anchor_of_your_own_is_no_floor() -> None:
    anchors = {**ANCHORS, "black": {"fid": [1e9] * 4, "is": [1e-9] * 4}}
    assert "anchors: black; expected real, grey, noise only" in refusal(record(anchors=anchors))


def test_a_track_is_ranked_by_a_metric_with_a_better_direction() -> None:
    metrics = {**METRICS, "fid": METRICS["fid"] | {"better": "neither"}}
    theirs = [p if p["name"] != "fid" else p | {"distribution": "mine"} for p in record().model_dump()["plugins"]]
    assert "metrics.fid: the metric that ranks a track has a better direction" in refusal(
        record(metrics=metrics, plugins=theirs)
    )


def test_a_metric_of_the_protocol_is_not_an_extra_one() -> None:
    changes = record().model_dump(mode="json")["metrics"]
    changes["is"]["extra"] = True
    assert "metrics.is: a metric of the track's protocol is not an extra one" in refusal(record(metrics=changes))


def test_a_track_that_declares_one_metric_has_one() -> None:
    declared = declaring(evaluation={"metrics": ["fid"]})
    assert refusal(without("is", "metrics", "scores", "anchors", declared=declared)) == ""


def test_a_diverged_run_has_the_anchors_only() -> None:
    assert refusal(record(diverged=True)) == ""


@pytest.mark.parametrize("metrics", [(), ("is",)])
def test_the_scores_have_the_protocol_that_the_track_declares(metrics: tuple[str, ...]) -> None:
    found = refusal(record(**measured(OTHER, *metrics)))
    assert ("metrics.is: has another protocol than fid" if metrics else "the scores have the protocol mine") in found


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ({"data": {"name": "ucf101"}}, "the record has shapes; the track declares the data ucf101"),
        ({"instrument": {"name": "c3d-ucf101"}}, "have the instrument c3d-shapes; the track declares c3d-ucf101"),
        ({"instrument": {"sha256": "cd" * 32}}, f"the weights of c3d-shapes have the SHA-256 {'ab' * 32}; the track"),
        ({"instrument": {"sha256": "ab" * 32}}, ""),
    ],
)
def test_data_and_instrument_are_those_that_the_track_declares(declared: dict[str, Any], reason: str) -> None:
    found = refusal(record(declared=declaring(**declared)))
    assert reason in found
    assert bool(reason) == bool(found)


@pytest.mark.parametrize("kind", ["metric", "instrument"])
def test_the_plugins_of_a_shipped_protocol_come_with_vidgen_bench(kind: str) -> None:
    found = refusal(record(plugins=plugins([kind], distribution="mine")))
    assert f"plugins: the {kind} " in found
    assert "comes with vidgen-bench; the record has it from mine" in found


@pytest.mark.parametrize("extra", [True, False])
def test_another_package_may_have_extra_metrics(extra: bool) -> None:
    """Any other would give the record a table of its own."""
    table = record().model_dump(mode="json")
    table["metrics"]["sharpness"] = {**table["metrics"]["is"], "title": "Sharpness", "extra": extra}
    theirs = {"kind": "metric", "name": "sharpness", "distribution": "mine", "version": "1.0"}
    expected = (
        "" if extra else "metrics.sharpness: the protocol of its track has is, fid; a further metric is an extra one"
    )
    assert refusal(record(metrics=table["metrics"], plugins=[*table["plugins"], theirs])) == expected


@pytest.mark.parametrize("spelt", ["vidgen_bench", "Vidgen.Bench", "vidgen-_bench"])
def test_a_distribution_is_the_same_in_every_spelling(spelt: str) -> None:
    """PEP 503: a row with another spelling is in the same table, and is the same row."""
    usual = record()
    other = record(plugins=plugins(["metric", "instrument", "backbone", "temporal"], distribution=spelt))
    assert refusal(other) == ""
    assert measured_by(other) == measured_by(usual)
    assert row_hash(other) == row_hash(usual)
    assert len(rows_of([entry(usual), entry(other)])) == 1


def entry(made: Record) -> Entry:
    return Entry(Path("record.json"), made)
