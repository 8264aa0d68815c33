"""Columns: scores of one metric from different distributions are never averaged, and each column names its distribution."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.kit.record_files import EXTERNAL, METRICS, STAMP, WATCHED, record, stamps
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.ranking import Ranking, rankings
from vidgen_bench.leaderboard.render.csv_text import render_csv
from vidgen_bench.leaderboard.render.json_text import render_json
from vidgen_bench.leaderboard.render.markdown import render_markdown
from vidgen_bench.leaderboard.render.notes import heading, notes
from vidgen_bench.records.record import Record

KID_STAMP = STAMP.model_copy(update={"protocol": {**STAMP.protocol, "options": {"kid": {"degree": 3}}}})
KID = {"title": "KID", "better": "lower", "protocol": KID_STAMP.id, "extra": True}


def ranked(*records: Record) -> list[Ranking]:
    return rankings([Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(records)])


def with_kid(
    seed: int, values: list[float], *, spec: str = "tgan+ode1", by: str = "vidgen-bench", **entry: Any
) -> Record:
    """Return a record with an extra metric, whose protocol id differs only in its hash from that of the ranked metrics."""
    scores = {"is": [3.1, 3.2], "fid": [310.0, 315.0], "kid": values}
    metrics = {**METRICS, "kid": KID | entry}
    made = record(spec, seed, scores=scores, metrics=metrics, protocols=stamps(STAMP, WATCHED, KID_STAMP))
    plugins = tuple(p.model_copy(update={"distribution": by}) if p.name == "kid" else p for p in made.plugins)
    return made.model_copy(update={"plugins": plugins})


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned"])
def test_a_metric_of_two_distributions_is_two_columns_and_no_mean_of_both(turned: bool) -> None:
    both = [with_kid(0, [0.1, 0.3]), with_kid(1, [7.0, 9.0], by="evil-kid")]
    (ranking,) = ranked(*(both[::-1] if turned else both))
    assert list(ranking.metrics)[2:] == ["kid", "kid (evil-kid)"]
    assert heading(ranking, "kid (evil-kid)") == "KID ↓ (evil-kid)"
    (row,) = ranking.rows
    assert row.estimates["kid"].seeds == pytest.approx({0: 0.2})
    assert row.estimates["kid (evil-kid)"].seeds == pytest.approx({1: 8.0})
    assert set(row.estimates["fid"].seeds) == {0, 1}
    assert "KID ↓ (evil-kid): measured by kid of evil-kid." in notes(ranking)


def test_json_and_csv_have_the_source_of_every_column() -> None:
    found = ranked(with_kid(0, [0.1, 0.3]), with_kid(1, [7.0, 9.0], by="evil-kid"))
    (table,) = json.loads(render_json(found))["rankings"]
    assert table["metrics"]["kid (evil-kid)"]["protocol"] == KID_STAMP.id
    assert table["metrics"]["kid (evil-kid)"]["measured_by"] == [
        {"kind": "instrument", "name": "c3d-shapes", "distribution": "vidgen-bench"},
        {"kind": "metric", "name": "kid", "distribution": "evil-kid"},
    ]
    lines = {x["metric"]: x for x in csv.DictReader(io.StringIO(render_csv(found))) if x["kind"] == "row"}
    theirs = lines["kid (evil-kid)"]
    assert float(theirs["mean"]) == 8.0
    assert theirs["measured_by"] == "instrument c3d-shapes of vidgen-bench; metric kid of evil-kid"
    assert lines["kid"]["protocol"] == KID_STAMP.id != lines["fid"]["protocol"]
    assert "| KID ↓ (evil-kid) |" in render_markdown(found)


def test_an_instrument_of_two_distributions_is_two_columns_of_a_further_protocol() -> None:
    fvd = STAMP.model_copy(update={"protocol": {**STAMP.protocol, "name": "fvd-2048-16f"}, "instrument": "i3d"})
    metrics = {**METRICS, "fvd": {"title": "FVD", "better": "lower", "protocol": fvd.id}}
    scores = {"is": [3.1], "fid": [310.0], "fvd": [900.0]}
    one = record(seed=0, scores=scores, metrics=metrics, protocols=stamps(STAMP, WATCHED, fvd))
    theirs = tuple(p.model_copy(update={"distribution": "evil"}) if p.name == "i3d" else p for p in one.plugins)
    (ranking,) = ranked(one, one.model_copy(update={"seed": 1, "plugins": theirs}))
    assert list(ranking.metrics)[2:] == ["fvd", "fvd (instrument of evil)"]
    assert set(ranking.rows[0].estimates["fid"].seeds) == {0, 1}
    assert set(ranking.rows[0].estimates["fvd"].seeds) == {0}


def test_the_protocols_of_extra_metrics_share_one_note() -> None:
    (ranking,) = ranked(with_kid(0, [0.1, 0.3]))
    said = notes(ranking)
    assert not any(KID_STAMP.id in note for note in said)
    assert said.count("Extra metrics have their own protocol ids; see the records or --format json.") == 1
    assert not any("Extra metrics" in note for note in notes(ranking.plain()))
    assert KID_STAMP.id in render_json([ranking])


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_record_that_turns_the_better_direction_turns_no_table(place: int) -> None:
    turned = {**METRICS, "fid": METRICS["fid"] | {"better": "higher"}}
    records = [
        record("x+good", scores={"fid": [100.0, 101.0], "is": [3.0, 3.1]}),
        record("x+bad", scores={"fid": [900.0, 901.0], "is": [3.0, 3.1]}),
    ]
    records.insert(place, record("x+edited", scores={"fid": [500.0, 501.0], "is": [3.0, 3.1]}, metrics=turned))
    (ranking,) = ranked(*records)
    assert [r.spec for r in ranking.rows] == ["x+good", "x+edited", "x+bad"]
    (caution,) = [note for note in notes(ranking) if note.startswith("Caution")]
    assert "FID ↓ is shown as lower is better" in caution
    assert f"but not in {place}/record.json" in caution
    assert "edited by hand" in caution


def test_of_many_records_that_turn_a_direction_the_first_are_listed() -> None:
    turned = {**METRICS, "fid": METRICS["fid"] | {"better": "higher"}}
    (ranking,) = ranked(*(record("x+a", s) for s in range(6)), *(record("x+b", s, metrics=turned) for s in range(5)))
    (caution,) = [note for note in notes(ranking) if note.startswith("Caution")]
    assert "but not in 10/record.json, 6/record.json, 7/record.json and 2 more. Was one" in caution


def test_runs_of_a_row_with_different_numbers_of_batches_get_a_caution() -> None:
    scores = [{"is": [3.0, 3.1], "fid": [300.0] * n} for n in (2, 2, 3)]
    (ranking,) = ranked(*(record(seed=s, scores=table) for s, table in enumerate(scores)))
    assert "Caution: the runs of tgan+ode1 have scores of different numbers of batches: FID ↓ 2, 3." in notes(ranking)
    (ranking,) = ranked(record("x+a", scores=scores[0]), record("x+b", scores=scores[2]))
    assert not any(note.startswith("Caution") for note in notes(ranking))
    assert "on 2-3 batches of 256 fresh samples" in notes(ranking)[0]


def test_the_note_on_the_order_describes_runs_before_external_clips() -> None:
    clips = record("a-diffusion", scores={"fid": [100.0]}, **EXTERNAL)
    run = record("tgan+ode1", scores={"is": [3.0, 3.1], "fid": [310.0, 315.0]})
    for records in ([clips, run], [run, clips]):
        (ranking,) = ranked(*records)
        assert notes(ranking)[0] == (
            "Ordered by FID, lower is better. Scores of runs are from the checkpoint with the best FID, on 2 batches of 256 fresh samples."
        )
    (ranking,) = ranked(clips)
    assert notes(ranking)[0] == (
        "Ordered by FID, lower is better. All scores are of external clips, in 1 batch of 256."
    )


def test_a_table_of_runs_that_all_diverged_says_so() -> None:
    (ranking,) = ranked(record(diverged=True))
    assert notes(ranking)[0] == "No run of this track finished."


def test_what_is_not_known_of_clips_from_elsewhere_is_no_zero() -> None:
    found = ranked(record("a-diffusion", scores={"fid": [100.0]}, **EXTERNAL))
    line = next(x for x in csv.DictReader(io.StringIO(render_csv(found))) if x["kind"] == "row")
    assert (line["iterations"], line["device_hours"], line["seeds"], line["status"]) == ("", "", "", "external")
    assert "| – | a-diffusion |  | – | 100.00 | – | – | – | – | – | external |" in render_markdown(found)
    (table,) = json.loads(render_json(found))["rankings"]
    assert table["rows"][0]["runs"][0]["external"]["used"] == 1024


def test_a_refusal_is_listed_with_its_run() -> None:
    refused = with_kid(1, [0.2], refused="too few samples")
    found = ranked(with_kid(0, [0.1]), refused)
    (table,) = json.loads(render_json(found))["rankings"]
    assert [run["refused"] for run in table["rows"][0]["runs"]] == [{}, {"kid": "too few samples"}]
