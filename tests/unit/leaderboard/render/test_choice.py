"""Chosen columns and another order of rows: what is shown changes, and no rank, verdict or score does."""

from __future__ import annotations

import csv
import io
import itertools
import re
from pathlib import Path

import pytest
from rich.console import Console

from tests.kit.record_files import EXTERNAL, METRICS, STAMP, WATCHED, record, stamps
from vidgen_bench.errors import RequestError
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.ranking import Ranking, rankings
from vidgen_bench.leaderboard.render.choice import Choice, checked
from vidgen_bench.leaderboard.render.csv_text import render_csv
from vidgen_bench.leaderboard.render.latex import render_latex
from vidgen_bench.leaderboard.render.markdown import render_markdown
from vidgen_bench.leaderboard.render.terminal import render_terminal

KID_STAMP = STAMP.model_copy(update={"protocol": {**STAMP.protocol, "options": {"kid": {"degree": 3}}}})
KID = {"title": "KID", "better": "lower", "protocol": KID_STAMP.id, "extra": True}


def made(spec: str, seed: int, *, inception: float, fid: float, kid: float, hours: float, **changes):
    scores = {"is": [inception + seed / 100] * 2, "fid": [fid + seed] * 2, "kid": [kid + seed / 1000] * 2}
    found = record(
        spec,
        seed,
        scores=scores,
        metrics=METRICS | {"kid": KID},
        protocols=stamps(STAMP, WATCHED, KID_STAMP),
        **changes,
    )
    return found.model_copy(update={"measured": found.measured.model_copy(update={"device_hours": hours})})


@pytest.fixture(scope="module")
def found() -> list[Ranking]:
    """Three rows of five seeds whose order by FID, IS, KID and cost all differ, external clips, and a row without a score."""
    records = [
        *(made("tgan+conv1d", s, inception=3.0, fid=250.0, kid=0.4, hours=0.30) for s in range(5)),
        *(made("tgan+ode1", s, inception=5.0, fid=300.0, kid=0.2, hours=0.10) for s in range(5)),
        *(made("mocogan", s, inception=4.0, fid=350.0, kid=0.3, hours=0.20) for s in range(5)),
        made("a-diffusion", 0, inception=9.0, fid=10.0, kid=0.1, hours=0.0, **EXTERNAL),
        record("tgan+sde", diverged=True),
    ]
    return rankings([Entry(Path(f"runs/{i}/record.json"), r) for i, r in enumerate(records)])


def table_rows(text: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line.startswith("|")
    ]


def terminal(found: list[Ranking], choice: Choice, width: int = 100) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width).print(render_terminal(found, width, choice))
    return stream.getvalue()


ORDERS = {
    "fid": ["a-diffusion", "tgan+conv1d", "tgan+ode1", "mocogan", "tgan+sde"],
    "is": ["a-diffusion", "tgan+ode1", "mocogan", "tgan+conv1d", "tgan+sde"],
    "kid": ["a-diffusion", "tgan+ode1", "mocogan", "tgan+conv1d", "tgan+sde"],
    "device-hours": ["tgan+sde", "tgan+ode1", "mocogan", "tgan+conv1d", "a-diffusion"],
    "spec": ["a-diffusion", "mocogan", "tgan+conv1d", "tgan+ode1", "tgan+sde"],
    "rank": ["tgan+conv1d", "tgan+ode1", "mocogan", "a-diffusion", "tgan+sde"],
    "seeds": ["tgan+sde", "tgan+conv1d", "tgan+ode1", "mocogan", "a-diffusion"],
    "status": ["tgan+sde", "a-diffusion", "tgan+conv1d", "tgan+ode1", "mocogan"],
}


@pytest.mark.parametrize("sort", ORDERS)
def test_rows_are_listed_by_a_column_in_every_format(found: list[Ranking], sort: str) -> None:
    choice = checked(None, sort, found)
    order = ORDERS[sort]
    assert [row.spec for _, row in choice.listed(found[0])] == order
    shown = [row[1] for row in table_rows(render_markdown(found, choice))]
    assert [spec for spec in shown if spec in order] == order
    lines = [x for x in csv.DictReader(io.StringIO(render_csv(found, choice=choice))) if x["kind"] == "row"]
    assert [x["spec"] for x in lines if x["metric"] == "fid"] == order
    latex = render_latex(found, choice)
    specs = re.findall(rf"^({'|'.join(map(re.escape, order))})\b.* & ", latex, re.MULTILINE)
    assert specs == order
    printed = re.findall(rf"^ *[\d–-]+ +({'|'.join(map(re.escape, order))})\b", terminal(found, choice), re.MULTILINE)
    assert printed[: len(order)] == order


def test_no_order_changes_a_rank_a_verdict_or_a_bold_score(found: list[Ranking]) -> None:
    usual = {row["spec"]: row for row in csv.DictReader(io.StringIO(render_csv(found))) if row["metric"] == "fid"}
    bold = re.findall(r"^(\S+) .*\\textbf\{([^}]*)\}", render_latex(found), re.MULTILINE)
    assert bold
    assert usual["tgan+conv1d"]["rank_best"] == "1"
    for sort in ORDERS:
        choice = checked(None, sort, found)
        rows = {
            x["spec"]: x for x in csv.DictReader(io.StringIO(render_csv(found, choice=choice))) if x["metric"] == "fid"
        }
        assert rows == usual
        text = render_latex(found, choice)
        assert sorted(re.findall(r"^(\S+) .*\\textbf\{([^}]*)\}", text, re.MULTILINE)) == sorted(bold)
        notes = [
            line for line in text.splitlines() if r"\footnotesize" in line and "is better" in line and ": " in line
        ]
        assert any("tgan+conv1d - tgan+ode1: " in note and "tgan+conv1d is better" in note for note in notes)


def test_another_order_is_said(found: list[Ranking]) -> None:
    said = render_markdown(found, checked(None, "device-hours", found))
    assert "- Listed by device-hours; ranks do not depend on this order. Ranked by FID, lower is better." in said
    assert "- Listed by IS; ranks do not" in render_markdown(found, checked(None, "is", found))
    assert "- Ordered by FID, lower is better." in render_markdown(found, checked(None, "fid", found))


def test_rows_of_a_backbone_stay_together(found: list[Ranking]) -> None:
    entries = [entry for row in found[0].rows for entry in row.row.entries]
    (ranking,) = rankings(entries, "backbone")
    listed = [row.spec for _, row in checked(None, "device-hours", [ranking]).listed(ranking)]
    assert [spec for spec in listed if spec.startswith("tgan")] == ["tgan+sde", "tgan+ode1", "tgan+conv1d"]
    names = [spec.split("+")[0] for spec in listed]
    assert len(list(itertools.groupby(names))) == len(set(names))


def test_columns_are_shown_in_the_chosen_order(found: list[Ranking]) -> None:
    choice = checked("fid, spec,rank,kid", None, found)
    head, _, *rows = table_rows(render_markdown(found, choice))
    assert head == ["FID ↓", "spec", "#", "KID ↓"]
    assert [row[1:3] for row in rows if row[2]] == [
        ["a-diffusion", "–"],
        ["tgan+conv1d", "1"],
        ["tgan+ode1", "2"],
        ["mocogan", "3"],
        ["tgan+sde", "–"],
    ]
    (heading,) = [line for line in terminal(found, choice).splitlines() if "spec" in line and "KID" in line]
    assert heading.split() == ["FID", "↓", "spec", "#", "KID", "↓"]
    line = next(line for line in render_latex(found, choice).splitlines() if line.startswith("FID"))
    assert line == r"FID $\downarrow$ & spec & \# & KID $\downarrow$ & rank \\"
    assert "iter. and dev-h" not in terminal(found, choice)
    assert "trainable parameters" not in render_markdown(found, choice)
    assert "trainable parameters" in render_markdown(found, checked("spec,G", None, found))


def test_a_table_without_the_metric_that_ranks_still_says_what_ranks(found: list[Ranking]) -> None:
    text = render_markdown(found, checked("spec,options,status", None, found))
    assert table_rows(text)[0] == ["spec", "options", "status"]
    assert "Ordered by FID" in text
    assert "tgan+conv1d is better" in text


def test_the_states_of_rows_are_never_lost(found: list[Ranking]) -> None:
    for choice in (checked("spec,fid", None, found), checked("spec,fid,status", None, found)):
        for text in (terminal(found, choice), render_latex(found, choice)):
            assert "external" in text
            assert "diverged" in text


def test_a_metric_stands_for_all_of_its_columns() -> None:
    two = [made("tgan", 0, inception=3.0, fid=250.0, kid=0.4, hours=0.3)]
    other = made("tgan", 1, inception=3.0, fid=250.0, kid=7.0, hours=0.3)
    plugins = tuple(p.model_copy(update={"distribution": "evil-kid"}) if p.name == "kid" else p for p in other.plugins)
    two.append(other.model_copy(update={"plugins": plugins}))
    (ranking,) = rankings([Entry(Path(f"{i}"), r) for i, r in enumerate(two)])
    assert checked("spec,kid", None, [ranking]).columns_of(ranking) == ["spec", "kid", "kid (evil-kid)"]
    assert checked("kid (evil-kid),kid", None, [ranking]).columns_of(ranking) == ["kid (evil-kid)", "kid"]


@pytest.mark.parametrize(
    ("columns", "sort", "words"),
    [
        ("spec,fit", None, ["--columns: there is no column 'fit'", "Did you mean 'fid'?", "Columns: rank, spec"]),
        (None, "device_hours", ["--sort: there is no column 'device_hours'", "Did you mean 'device-hours'?"]),
        ("spec,fid,spec", None, ["--columns: 'spec' is given twice"]),
        ("spec,,fid", None, ["--columns: there is no column ''"]),
    ],
)
def test_wrong_names(found: list[Ranking], columns: str | None, sort: str | None, words: list[str]) -> None:
    with pytest.raises(RequestError) as caught:
        checked(columns, sort, found)
    for word in words:
        assert word in str(caught.value)


def test_listing_by_an_extra_metric_shows_it_and_no_other(found: list[Ranking]) -> None:
    assert list(checked(None, "kid", found).plain(found[0]).metrics) == ["is", "fid", "kid"]
    assert list(checked(None, "is", found).plain(found[0]).metrics) == ["is", "fid"]
