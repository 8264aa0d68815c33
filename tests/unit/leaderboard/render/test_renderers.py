"""The formats of a leaderboard agree; the terminal table fits 80 and 120 columns without cutting anything."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from pathlib import Path

import pytest
from rich.console import Console

from tests.kit.imports import ROOT
from tests.kit.record_files import METRICS, record
from vidgen_bench.escaping import latex
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.comparison import comparisons
from vidgen_bench.leaderboard.ranking import Ranking, rankings
from vidgen_bench.leaderboard.render.comparison_text import render_comparisons
from vidgen_bench.leaderboard.render.csv_text import render_csv
from vidgen_bench.leaderboard.render.json_text import render_json
from vidgen_bench.leaderboard.render.latex import render_latex
from vidgen_bench.leaderboard.render.markdown import render_markdown
from vidgen_bench.leaderboard.render.terminal import render_terminal

GIVEN = {"backbone.width": (0.5, "given"), "temporal.hidden": (978, "given")}


@pytest.fixture(scope="module")
def found() -> list[Ranking]:
    """Five seeds, a long label and a missing metric in one seed, a partly and a completely diverged row."""
    records = [
        *(record("tgan+conv1d", s, scores={"is": [3.1 + s / 10], "fid": [300.0 + 7 * s, 302.0]}) for s in range(5)),
        *(record("tgan+gru", s, scores={"is": [3.2 + s / 10], "fid": [330.0 + 7 * s, 332.0]}) for s in range(5)),
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


@pytest.mark.parametrize("width", [80, 120])
def test_nothing_that_a_terminal_obeys_is_printed(width: int) -> None:
    bad = "\x1b[2J\x9b\u202e\r\nx"
    metrics = {m: e | {"title": f"IS{bad}", "caveat": bad} for m, e in METRICS.items()}
    made = [record("tgan+ode1", s, metrics=metrics, options={"temporal.order": (bad, "given")}) for s in range(4)]
    entries = [Entry(Path(f"runs{bad}/{i}"), r) for i, r in enumerate(made)]
    tables = rankings(entries)
    shown = [*lines(tables, width), *render_markdown(tables).splitlines()]
    assert "2J" in "".join(shown)
    assert all(line.isprintable() for line in shown)


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_table_fits_and_loses_nothing(found: list[Ranking], width: int) -> None:
    shown = lines(found, width)
    assert all(len(line) <= width for line in shown)
    text = "\n".join(shown)
    words = " ".join(text.split())  # sentences are wrapped
    for part in (
        "test-64", "v1:", "IS ↑", "FID ↓", "seeds", "iter.", "dev-h", "G_t",
        "real (ceiling)", "grey (floor)", "noise (floor)", "tgan+conv1d", "308 ± 7", "3.30 ± 0.20",
        "0-4", "61,632", "rank 1-2", "Resolution: 5 seeds", "404 (± 14)",
        "tgan+conv1d - tgan+gru: -30 FID", "tgan+conv1d is better", "seeds 1-4 missing", "13.4 M", "400", "0.078",
        "tgan+ode1:equal", "backbone.width=0.5", "temporal.hidden=978", "–", "1 of 2 diverged", "tgan+sde", "diverged", "Ordered by FID",
    ):  # fmt: skip
        assert part in text or part in words, part
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
    rows = {row["spec"]: row for row in ranking["rows"]}
    first = rows["tgan+conv1d"]
    assert first["ranks"] == {"is": [1, 2], "fid": [1, 1]}
    assert [run["values"]["fid"] for run in first["runs"]][:2] == [[300.0, 302.0], [307.0, 302.0]]
    fid = first["scores"]["fid"]
    assert (fid["mean"], fid["seeds"]["1"], fid["interval_is_borrowed"]) == (308.0, 304.5, False)
    # by hand: seed means 301, 304.5, 308, 311.5, 315; s = 3.5 sqrt(2.5); t(0.975, 4) = 2.776445
    half = 2.7764451052 * 3.5 * math.sqrt(2.5) / math.sqrt(5)
    assert fid["interval"] == pytest.approx([308 - half, 308 + half], rel=1e-9)
    assert first["runs"][0]["file"] == "runs/0/record.json"
    assert rows["tgan+ode1:equal"]["given"] == {"backbone.width": 0.5, "temporal.hidden": 978}
    assert rows["tgan+ode2"]["status"] == "1 of 2 diverged"
    assert (rows["tgan+ode2"]["missing_seeds"], rows["tgan+ode2"]["diverged_seeds"]) == ([2, 3, 4], [1])
    assert (rows["tgan+sde"]["status"], rows["tgan+sde"]["ranks"]) == ("diverged", {})
    (pair,) = ranking["standings"]["fid"]["pairs"]
    assert (pair["difference"], pair["verdict"]) == (-30.0, "better")
    assert pair["interval"][0] < -30 < pair["interval"][1] < 0
    assert ranking["standings"]["fid"]["resolution"]["seeds"] == 5
    assert set(ranking["anchors"]) == {"real", "grey", "noise"}
    assert json.loads(render_json(found, ["a fault"]))["faults"] == ["a fault"]


def test_csv_has_a_line_for_each_row_and_metric(found: list[Ranking]) -> None:
    table = list(csv.DictReader(io.StringIO(render_csv(found))))
    assert [(line["metric"], line["kind"]) for line in table] == [
        (metric, kind) for metric in ("is", "fid") for kind in ["anchor"] * 3 + ["row"] * 5
    ]
    rows = {(line["spec"], line["metric"]): line for line in table if line["kind"] == "row"}
    conv = rows["tgan+conv1d", "fid"]
    assert [conv[c] for c in ("rank_best", "rank_worst", "mean", "seeds", "scores")] == [
        "1", "1", "308.0", "0 1 2 3 4", "301.0 304.5 308.0 311.5 315.0",
    ]  # fmt: skip
    equal = rows["tgan+ode1:equal", "is"]
    assert (equal["mean"], json.loads(equal["given"])) == ("", {"backbone.width": 0.5, "temporal.hidden": 978})
    assert rows["tgan+ode1:equal", "fid"]["interval_is_borrowed"] == "true"
    assert rows["tgan+ode2", "fid"]["status"] == "1 of 2 diverged"
    sde = rows["tgan+sde", "fid"]
    assert (sde["rank_best"], sde["missing_seeds"], sde["status"]) == ("", "1 2 3 4", "diverged")
    assert {line["measured_by"] for line in table if line["metric"] == "fid"} == {
        "instrument c3d-shapes of vidgen-bench; metric fid of vidgen-bench"
    }
    assert {line["track_fingerprint"] for line in table} == {found[0].record.track.fingerprint}


def test_latex_is_bold_only_where_the_rank_is_1(found: list[Ranking]) -> None:
    text = render_latex(found)
    assert text.count(r"\textbf{") == 1
    assert r"tgan+conv1d & 3.30 $\pm$ 0.20 & 1-2 & \textbf{308 $\pm$ 7} & 1 & 0-4 \\" in text
    cells = {line.count(" & ") for line in text.splitlines() if line.endswith(r"\\")}
    assert cells == {5}
    assert r"\toprule" in text
    assert "Resolution: 5 seeds" in text


def test_latex_escapes_what_it_would_read() -> None:
    options = {"backbone.label": ("50%_of#{x}&y\\z", "given")}
    (ranking,) = rankings([Entry(Path("record.json"), record(options=options))])
    assert r"backbone.label=50\%\_of\#\{x\}\&y\textbackslash{}z" in render_latex([ranking])


def test_latex_has_no_character_of_ours_that_its_fonts_lack() -> None:
    """Letters with accents are typeset as they are; signs are not."""
    metrics = METRICS | {"fid": METRICS["fid"] | {"title": "FID∞"}}
    text = render_latex(rankings([Entry(Path("record.json"), record(metrics=metrics))]))
    assert r"FID$\infty$ $\downarrow$" in text
    package = ROOT / "vidgen_bench"
    files = [*package.glob("leaderboard/render/*.py"), *package.glob("measure/metrics/*.py")]
    files += (ROOT / "leaderboards/published").glob("*.toml")
    ours = {c for file in files for c in file.read_text() if ord(c) > 127 and not c.isalpha()} - {"─"}
    assert {"∞", "±", "↑"} <= ours
    assert {c for c in ours if latex(c) == c} == set()


def test_markdown_is_one_table_with_as_many_cells_in_every_line(found: list[Ranking]) -> None:
    text = render_markdown(found)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 3 + 5
    assert len({line.count("|") for line in rows}) == 1
    assert rows[0].startswith("| # | spec | options | IS ↑ | FID ↓ | G_t |")
    assert (
        "| 1 | tgan+conv1d |  | 3.30 ± 0.20 (rank 1-2) | 308 ± 7 | 61,632 | 13.4 M | 400 | 0.078 | 0-4 | finished |"
        in rows
    )
    assert text.startswith("### test-64\n")


def test_markdown_escapes_what_it_would_read() -> None:
    options = {"backbone.label": ("a|b*c_d<e>`f`", "given")}
    (ranking,) = rankings([Entry(Path("record.json"), record(options=options))])
    assert r"backbone.label=a\|b\*c\_d\<e\>\`f\`" in render_markdown([ranking])


def test_an_option_value_is_text_in_markdown() -> None:
    options = {"backbone.label": ("https://e.example/x www.e.example @torvalds #1 ~~a~~ &lt;b&gt;", "given")}
    (ranking,) = rankings([Entry(Path("record.json"), record(options=options))])
    (row,) = [line for line in render_markdown([ranking]).splitlines() if line.startswith("|") and "label" in line]
    shown = r"https:&#8203;//e.example/x www&#8203;.e.example @&#8203;torvalds #&#8203;1 \~\~a\~\~ \&lt;b\&gt;"
    assert f"backbone.label={shown}" in row


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
    assert len(list(csv.DictReader(io.StringIO(render_csv(found))))) == 16


def test_markdown_escapes_titles_and_links() -> None:
    metrics = {"is": METRICS["is"] | {"title": "a|b<b>", "caveat": "[x](http://e.example)"}, "fid": METRICS["fid"]}
    (ranking,) = rankings([Entry(Path("record.json"), record(metrics=metrics))])
    head = next(line for line in render_markdown([ranking]).splitlines() if line.startswith("| #"))
    assert r"a\|b\<b\> ↑ (\[x\](http:&#8203;//e.example))" in head


def test_latex_says_which_rows_diverged() -> None:
    rows = [record("x+a", s, diverged=s > 0) for s in range(5)] + [record("x+b", s, diverged=True) for s in range(5)]
    text = render_latex(rankings([Entry(Path(f"{i}"), r) for i, r in enumerate(rows)]))
    assert "x+a (4 of 5 diverged) & " in text
    assert "x+b (diverged) & " in text


def test_huge_scores_are_short_in_every_text() -> None:
    """A record may have scores up to 1e100, which have 101 digits."""
    huge = [record("tgan", n, scores={"is": [9e99 + n * 1e97], "fid": [8e99 + n * 1e98]}) for n in range(5)]
    usual = [record("tgan+ode1", n, scores={"is": [3.0 + n], "fid": [300.0 + n]}) for n in range(5)]
    found = rankings([Entry(Path(f"runs/{i}/record.json"), r) for i, r in enumerate((*huge, *usual))])
    texts = [
        "\n".join(lines(found, 120)),
        render_markdown(found),
        render_latex(found),
        render_comparisons(comparisons(found, "tgan", "tgan+ode1", None)),
    ]
    for text in texts:
        assert "9.02e+99" in text
        assert re.search(r"\d[\d,]{16}", text) is None


def test_a_record_mentions_nobody_in_a_table() -> None:
    plugins = [p.model_dump() | {"version": "@octocat"} for p in record().plugins]
    made = [record("tgan", n, plugins=plugins, options={"temporal.to": ("@octocat", "given")}) for n in range(2)]
    made.append(record("tgan+ode1"))
    text = render_markdown(rankings([Entry(Path(f"runs/{i}/record.json"), r) for i, r in enumerate(made)]))
    assert "@&#8203;octocat" in text
    assert "@octocat" not in text
