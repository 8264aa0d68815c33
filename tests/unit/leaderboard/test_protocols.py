"""Scores under different protocol ids never share a ranking or a column; caveats are shown beside the scores."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.kit.record_files import EXTERNAL, METRICS, STAMP, WATCHED, record, stamps, under
from vidgen_bench.config.protocol import Stamp
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.ranking import Ranking, rankings
from vidgen_bench.leaderboard.render.json_text import render_json, status
from vidgen_bench.leaderboard.render.markdown import render_markdown
from vidgen_bench.leaderboard.render.notes import identity
from vidgen_bench.leaderboard.render.terminal import render_terminal
from vidgen_bench.records.record import Record

FVD = STAMP.model_copy(
    update={"protocol": {**STAMP.protocol, "name": "fvd-2048-16f", "samples": 2048}, "instrument": "i3d"}
)


def ranked(*records: Record) -> list[Ranking]:
    return rankings([Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(records)])


def with_fvd(spec: str, stamp: Stamp, value: float) -> Record:
    scores = {"is": [3.1, 3.2], "fid": [310.0, 315.0], "fvd": [value, value + 1]}
    entry = {"title": "FVD", "better": "lower", "protocol": stamp.id}
    metrics = {**METRICS, "fvd": entry}
    return record(spec, scores=scores, metrics=metrics, protocols=stamps(STAMP, WATCHED, stamp))


def rendered(found: list[Ranking]) -> str:
    stream = io.StringIO()
    Console(file=stream, width=140).print(render_terminal(found, 140))
    return stream.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        {"protocol": {**STAMP.protocol, "samples": 512}},
        {"protocol": {**STAMP.protocol, "version": 2}},
        {"protocol": {**STAMP.protocol, "precision": "bf16"}},
        {"protocol": {**STAMP.protocol, "options": {"is": {"splits": 10}}}},
        {"sha256": "cd" * 32},
        {"real": "other"},
        {"changes": ("resize=64",)},
    ],
    ids=lambda change: ",".join(change),
)
def test_two_ids_never_share_a_ranking(change: dict[str, Any]) -> None:
    found = ranked(record("tgan+ode1"), record("tgan+ode2", **under(STAMP.model_copy(update=change))))
    assert len(found) == 2
    assert identity(found[0]) != identity(found[1])


def test_a_further_protocol_adds_a_column_and_parts_no_ranking() -> None:
    (ranking,) = ranked(record("tgan+ode1"), with_fvd("tgan+ode2", FVD, 900.0))
    assert list(ranking.metrics) == ["is", "fid", "fvd"]
    assert [("fvd" in r.estimates) for r in sorted(ranking.rows, key=lambda r: r.spec)] == [False, True]
    assert f"FVD ↓: protocol {FVD.id}." in " ".join(rendered([ranking]).split())


def test_two_ids_of_one_metric_are_two_columns() -> None:
    other = FVD.model_copy(update={"sha256": "cd" * 32})
    records = [with_fvd("tgan+ode1", FVD, 900.0), with_fvd("tgan+ode2", FVD, 800.0), with_fvd("tgan+sde", other, 500.0)]
    (ranking,) = ranked(*records[::-1])
    tail = other.id.rpartition(" ")[2]
    assert list(ranking.metrics) == ["is", "fid", "fvd", f"fvd {tail}"]  # the plain name is that of most records
    for row in ranking.rows:
        assert {name for name in row.estimates if name.startswith("fvd")} == {
            f"fvd {tail}" if row.spec == "tgan+sde" else "fvd"
        }
    assert f"FVD ↓ {tail}" in rendered([ranking])


def test_external_clips_are_rows_without_a_rank() -> None:
    made = record("my-diffusion", scores={"is": [9.0], "fid": [100.0]}, **EXTERNAL)
    (ranking,) = ranked(*(record("tgan+ode1", seed) for seed in range(5)), made)
    assert {r.spec: r.place("fid") for r in ranking.rows} == {"tgan+ode1": "1", "my-diffusion": "–"}
    assert [r.spec for r in ranking.rows] == ["my-diffusion", "tgan+ode1"]  # in order all the same
    assert status(ranking.rows[0]) == "external"
    text = rendered([ranking])
    assert "external" in text
    assert "clips from another program, measured in the same way" in text
    assert "my-diffusion" in render_markdown([ranking])
    assert '"status": "external"' in render_json([ranking])


def test_a_caveat_is_shown_beside_the_score() -> None:
    metrics = {"is": METRICS["is"], "fid": METRICS["fid"] | {"caveat": "rank-deficient"}}
    found = ranked(record(metrics=metrics))
    assert "rank-deficient" in rendered(found)
    assert "Compare it at equal n only" in " ".join(rendered(found).split())
    assert "FID ↓ (rank-deficient)" in render_markdown(found)


def test_extra_metrics_are_shown_on_request() -> None:
    extra = {"title": "KID", "better": "lower", "protocol": STAMP.id, "extra": True}
    scores = {"is": [3.0, 3.1], "fid": [310.0, 312.0], "kid": [0.25, 0.27]}
    (ranking,) = ranked(record(scores=scores, metrics={**METRICS, "kid": extra}))
    assert "KID ↓" in rendered([ranking])
    assert "KID" not in rendered([ranking.plain()])
    assert "KID" in render_json([ranking])


def test_notes_cover_only_shown_metrics() -> None:
    extra = {"title": "KID", "better": "lower", "protocol": STAMP.id, "extra": True, "caveat": "rank-deficient"}
    scores = {"is": [3.0, 3.1], "fid": [310.0, 312.0], "kid": [0.25]}
    (ranking,) = ranked(record(scores=scores, metrics={**METRICS, "kid": extra}))
    words = "Compare it at equal n only"
    assert words in " ".join(rendered([ranking]).split())
    assert words not in " ".join(rendered([ranking.plain()]).split())
