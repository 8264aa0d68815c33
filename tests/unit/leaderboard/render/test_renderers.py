"""The four formats of a leaderboard agree; the terminal table fits 80 and 120 columns without cutting anything."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from tests.kit.record_files import record
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.ranking import Ranking, rankings
from vidgen_bench.leaderboard.render.csv_text import render_csv
from vidgen_bench.leaderboard.render.json_text import render_json
from vidgen_bench.leaderboard.render.markdown import render_markdown
from vidgen_bench.leaderboard.render.terminal import render_terminal

GIVEN = {"backbone.width": (0.5, "given"), "temporal.hidden": (978, "given")}


@pytest.fixture(scope="module")
def found() -> list[Ranking]:
    """Three seeds, a long label, a missing metric, a partly and a completely diverged row."""
    records = [
        *(
            record("tgan+conv1d", s, scores={"is": [3.1 + s / 10, 3.2], "fid": [300.0 + 7 * s, 302.0]})
            for s in range(3)
        ),
        record("tgan+ode1:equal", scores={"fid": [406.0, 402.0]}, options=GIVEN),
        record("tgan+ode2", 0, scores={"is": [2.9, 3.4], "fid": [26512.0, 26530.0]}),
        record("tgan+ode2", 1, diverged=True),
        record("tgan+sde", diverged=True),
    ]
    return rankings([Entry(Path(f"runs/{i}/record.json"), r) for i, r in enumerate(records)])


def lines(found: list[Ranking], width: int) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=width).print(render_terminal(found, width))
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_table_fits_and_loses_nothing(found: list[Ranking], width: int) -> None:
    shown = lines(found, width)
    assert all(len(line) <= width for line in shown)
    text = "\n".join(shown)
    for part in (
        "test-64", "v1:", "IS ↑", "FID ↓", "seeds", "iter.", "dev-h", "G_t",
        "real (ceiling)", "grey (floor)", "noise (floor)", "tgan+conv1d", "304.5 ± 3.5", "3.20 ± 0.05",
        "0-2", "61,632", "13.4 M", "400", "0.078",
        "tgan+ode1:equal", "backbone.width=0.5", "temporal.hidden=978", "–", "1 of 2 diverged", "tgan+sde", "diverged", "Ordered by FID",
    ):  # fmt: skip
        assert part in text, part
    assert "…" not in text


def test_rows_stand_between_their_anchors(found: list[Ranking]) -> None:
    text = "\n".join(lines(found, 120))
    order = [
        text.index(part)
        for part in ("real (", "tgan+conv1d", "tgan+ode1:equal", "tgan+ode2", "tgan+sde", "grey (", "noise (")
    ]
    assert order == sorted(order)


def test_json_has_full_precision_raw_values_and_files(found: list[Ranking]) -> None:
    (ranking,) = json.loads(render_json(found, ["a fault"]))["rankings"]
    assert ranking["track"]["name"] == "test-64"
    assert ranking["track"]["declared"]["budget"] == {"iterations": 400}
    assert ranking["measured_by"][0] == {"kind": "instrument", "name": "c3d-shapes", "distribution": "vidgen-bench"}
    first, second, third, last = ranking["rows"]
    assert first["rank"] == [1, 1]
    assert [run["values"]["fid"] for run in first["runs"]] == [[300.0, 302.0], [307.0, 302.0], [314.0, 302.0]]
    assert first["scores"]["fid"] == {"mean": 304.5, "std": 3.5, "over": "seeds", "count": 3}
    assert first["runs"][0]["file"] == "runs/0/record.json"
    assert second["given"] == {"backbone.width": 0.5, "temporal.hidden": 978}
    assert third["status"] == "1 of 2 diverged"
    assert (last["status"], last["scores"], last["rank"]) == ("diverged", {}, None)
    assert set(ranking["anchors"]) == {"real", "grey", "noise"}
    assert json.loads(render_json(found, ["a fault"]))["faults"] == ["a fault"]


def test_csv_has_a_line_for_each_row_and_anchor(found: list[Ranking]) -> None:
    table = list(csv.DictReader(io.StringIO(render_csv(found))))
    assert [line["kind"] for line in table] == ["anchor"] * 3 + ["row"] * 4
    conv, equal, ode, sde = table[3:]
    assert (conv["rank_best"], conv["fid_mean"], conv["fid_std"], conv["fid_std_over"], conv["seeds"]) == (
        "1",
        "304.5",
        "3.5",
        "seeds",
        "0 1 2",
    )
    assert (equal["is_mean"], json.loads(equal["given"])) == ("", {"backbone.width": 0.5, "temporal.hidden": 978})
    assert ode["status"] == "1 of 2 diverged"
    assert (sde["rank_best"], sde["fid_mean"], sde["status"]) == ("", "", "diverged")
    assert {line["measured_by"] for line in table} == {
        "instrument c3d-shapes of vidgen-bench; metric fid of vidgen-bench; metric is of vidgen-bench"
    }
    assert {line["track_fingerprint"] for line in table} == {found[0].record.track.fingerprint}


def test_markdown_is_one_table_with_as_many_cells_in_every_line(found: list[Ranking]) -> None:
    text = render_markdown(found)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 3 + 4
    assert len({line.count("|") for line in rows}) == 1
    assert rows[0].startswith("| # | spec | options | IS ↑ | FID ↓ | G_t |")
    assert "| 1 | tgan+conv1d |  | 3.20 ± 0.05 | 304.5 ± 3.5 | 61,632 | 13.4 M | 400 | 0.078 | 0-2 | finished |" in rows
    assert text.startswith("### test-64\n")


def test_markdown_escapes_what_it_would_read() -> None:
    options = {"backbone.label": ("a|b*c_d<e>`f`", "given")}
    (ranking,) = rankings([Entry(Path("record.json"), record(options=options))])
    assert r"backbone.label=a\|b\*c\_d\<e>\`f\`" in render_markdown([ranking])


def test_brackets_in_names_are_no_markup_in_the_table() -> None:
    options = {"backbone.label": ("[red]x[/red] :smile:", "given")}
    found = rankings([Entry(Path("record.json"), record(options=options))])
    assert "backbone.label=[red]x[/red] :smile:" in "\n".join(lines(found, 120))


def test_two_rankings_stand_one_below_another() -> None:
    other = record(track="other", data=record().data.model_dump() | {"fingerprint": "v1:ff"})
    found = rankings([Entry(Path("0"), record()), Entry(Path("1"), other)])
    text = "\n".join(lines(found, 120))
    assert text.index("other") < text.index("test-64")
    assert render_markdown(found).count("### ") == 2
    assert len(list(csv.DictReader(io.StringIO(render_csv(found))))) == 8
