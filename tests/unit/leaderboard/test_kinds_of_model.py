"""Class-conditional models have tables of their own, and a reconstruction says so, in every format and check."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.kit.record_files import EXTERNAL, record
from tests.kit.submitted_results import reasons, seeds_of, spoil, submitted
from vidgen_bench.errors import RequestError
from vidgen_bench.host.host import Host
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.comparison import comparisons
from vidgen_bench.leaderboard.index.packing import pack, unpack
from vidgen_bench.leaderboard.index.parts import Parts
from vidgen_bench.leaderboard.kept import keep
from vidgen_bench.leaderboard.published.lines import published_lines
from vidgen_bench.leaderboard.published.sources import PublishedRow, Source, sources
from vidgen_bench.leaderboard.ranking import Ranking, rankings
from vidgen_bench.leaderboard.render.comparison_text import render_comparisons
from vidgen_bench.leaderboard.render.csv_text import render_csv
from vidgen_bench.leaderboard.render.json_text import render_json
from vidgen_bench.leaderboard.render.latex import render_latex
from vidgen_bench.leaderboard.render.markdown import render_markdown
from vidgen_bench.leaderboard.render.terminal import render_terminal
from vidgen_bench.leaderboard.submissions.model_check import CONDITIONAL, NULL, RECONSTRUCTION
from vidgen_bench.leaderboard.submissions.plausibility import questions
from vidgen_bench.leaderboard.submissions.row_identity import row_hash
from vidgen_bench.leaderboard.submissions.verify import read_submissions
from vidgen_bench.records.record import Record, parse_record

BOTH = {"conditional": True, "reconstruction": True}
PLAIN, CLASSES = seeds_of("tgan+ode1"), seeds_of("dvd-gan+convgru", model=BOTH)


def ranked(*records: Record) -> list[Ranking]:
    return rankings([Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(records)])


def as_text(found: list[Ranking]) -> str:
    stream = io.StringIO()
    Console(file=stream, width=160).print(render_terminal(found, 160))
    return stream.getvalue()


def test_a_record_without_a_model_is_unconditional_and_keeps_its_bytes() -> None:
    assert "model" not in json.loads(record().text())
    said = record(model={"conditional": False, "reconstruction": False})
    assert said == record()
    assert said.text() == record().text()
    table = json.loads(record(model={"reconstruction": True}).text())
    assert table["model"] == {"conditional": False, "reconstruction": True, "null": False}
    assert parse_record(json.dumps(table).encode(), "it").model.reconstruction


def test_they_are_in_two_tables_with_ranks_of_their_own() -> None:
    plain, classes = ranked(*CLASSES, *PLAIN)
    assert [[row.spec for row in r.rows] for r in (plain, classes)] == [["tgan+ode1"], ["dvd-gan+convgru"]]
    assert (plain.title, classes.title) == ("test-64, unconditional", "test-64, class-conditional")
    assert (ranked(*PLAIN)[0].title, ranked(*CLASSES)[0].title) == ("test-64", "test-64, class-conditional")
    clips = record("clips", scores={"fid": [1.0]}, model={"conditional": True}, **EXTERNAL)
    assert [[row.spec for row in r.rows] for r in ranked(*PLAIN, clips)] == [["tgan+ode1"], ["clips"]]


def test_two_kinds_are_not_compared() -> None:
    found = ranked(*PLAIN, *CLASSES, *seeds_of("moflowgan+gru", better=0.1, model={"conditional": True}))
    with pytest.raises(RequestError, match="class-conditional model and an unconditional one never share a table"):
        comparisons(found, "tgan+ode1", "dvd-gan+convgru", None)
    text = render_comparisons(comparisons(found, "moflowgan+gru", "dvd-gan+convgru", "fid"))
    assert text.startswith("test-64, class-conditional · FID")


def test_every_format_says_what_a_table_and_a_row_are() -> None:
    found = ranked(*PLAIN, *CLASSES)
    text = as_text(found)
    assert "test-64, class-conditional\n" in text
    assert " dvd-gan+convgru " in text
    assert "reconstruction" in [line.split()[0] for line in text.splitlines() if line.strip()]  # below the spec
    assert "Class-conditional: these models are given a class for each clip" in text
    assert "Unconditional: the class-conditional models on this track" in text
    assert "### test-64, class-conditional" in (shown := render_markdown(found))
    assert "| dvd-gan+convgru (reconstruction) |" in shown
    assert r"\caption{test-64, class-conditional. " in (shown := render_latex(found))
    assert "dvd-gan+convgru (reconstruction) & " in shown
    tables = json.loads(render_json(found))["rankings"]
    assert [(t["conditional"], [row["reconstruction"] for row in t["rows"]]) for t in tables] == [
        (False, [False]),
        (True, [True]),
    ]
    rows = [line for line in csv.DictReader(io.StringIO(render_csv(found))) if line["kind"] == "row"]
    assert {(r["spec"], r["conditional"], r["reconstruction"]) for r in rows} == {
        ("tgan+ode1", "false", "false"),
        ("dvd-gan+convgru", "true", "true"),
    }


def test_published_numbers_of_one_kind_are_shown_below_tables_of_that_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tuple(
        PublishedRow(system=s, dataset="d", resolution="64", metric="IS", mean=m, conditional=c)
        for s, m, c in (("TGAN", 15.0, False), ("DVD-GAN", 33.0, True))
    )
    paper = Source(source="s", protocol="p", spread="none", shown={"64": "test-64"}, rows=rows)
    monkeypatch.setattr("vidgen_bench.leaderboard.published.lines.sources", lambda: {"paper": paper})
    shown = {kind: [p.system for p in published_lines(["test-64"], ["is"], conditional=kind)] for kind in (True, False)}
    assert shown == {True: ["DVD-GAN"], False: ["TGAN"]}


def test_published_dvd_gan_is_class_conditional() -> None:
    found = {(name, row.conditional) for name, s in sources().items() for row in s.rows if row.system == "DVD-GAN"}
    assert found == {(name, True) for name in ("dvd-gan-2019", "magvit-2023", "vdm-2022", "videogpt-2021")}
    track = ["ucf101-128-paper"]
    assert {line.system for line in published_lines(track, ["is"], conditional=True)} == {"DVD-GAN"}
    assert {"TGAN-F", "VideoGPT"} <= {line.system for line in published_lines(track, ["is"], conditional=False)}


def test_the_index_keeps_the_kind() -> None:
    (_, plain), (row, parts) = pack(keep(PLAIN[0])), pack(keep(CLASSES[0]))
    assert unpack(row, Parts(parts)).record.model == CLASSES[0].model
    assert len(plain) == len(parts)


def test_a_tombstone_of_an_earlier_version_still_names_its_row() -> None:
    assert row_hash(record()) == "a92d15045a68cf2cb65e762a6e7c529cc43c035a02fc47fe59e6e2caa4fcffb3"
    assert (
        row_hash(record(model={"conditional": True}))
        != row_hash(record())
        == row_hash(record(model={"reconstruction": True}))
    )


def test_the_kinds_are_those_that_the_backbones_declare() -> None:
    ours = [p for p in Host.of_environment().of("backbone") if p.origin.distribution == "vidgen-bench"]
    assert {p.name: p.declaration.reconstruction for p in ours} == RECONSTRUCTION
    conditional = {p.name for p in ours if "conditional" in {f.name for f in fields(p.declaration.options)}}
    assert conditional == CONDITIONAL
    temporal = [p for p in Host.of_environment().of("temporal") if p.origin.distribution == "vidgen-bench"]
    assert {p.name for p in temporal if p.declaration.null} == NULL


def test_verify_compares_the_kind_with_the_backbone() -> None:
    option = {"backbone.conditional": (True, "default")}

    def asked(spec: str, *, options: dict[str, Any] | None = None, owner: str = "vidgen-bench", **model: bool) -> str:
        made = record(spec, options=options, model=model)
        others = [p for p in made.plugins if p.kind != "backbone"]
        mine = [p.model_copy(update={"distribution": owner}) for p in made.plugins if p.kind == "backbone"]
        return " ".join(questions(made.model_copy(update={"plugins": (*mine, *others)})))

    right: tuple[tuple[str, dict[str, Any]], ...] = (
        ("tgan+ode1", {}),
        ("vdm-small", {"reconstruction": True}),
        ("dvd-gan+convgru", {**BOTH, "options": option}),
        ("tgan+ode1", {**BOTH, "owner": "another-package"}),  # a backbone that is not ours may have the name
        ("swing+ode1", {**BOTH}),
    )
    assert not [text for spec, kind in right if (text := asked(spec, **kind))]
    no = "it does not say that its model is a reconstruction, but moflowgan is one. Was the"
    assert no in asked("moflowgan+gru")
    yes = "it says that its model is a reconstruction, but tgan is not one. Was the"
    assert yes in asked("tgan+ode1", reconstruction=True)
    assert not asked("tgan+iid", null=True)
    assert "it does not say that its model is a null model, but iid is one." in asked("tgan+iid")
    assert "it says that its model is a null model, but ode1 is not one." in asked("tgan+ode1", null=True)
    made = record("vgan", model={"null": True})
    alone = made.model_copy(update={"plugins": tuple(p for p in made.plugins if p.kind != "temporal")})
    assert "but a model without G_t is not one." in " ".join(questions(alone))
    never = "is class-conditional, but the backbone vgan has no option backbone.conditional, so it never is. Was the"
    assert never in asked("vgan", conditional=True)


def test_verify_keeps_the_kinds_apart(tmp_path: Path) -> None:
    option = {"backbone.conditional": (True, "default")}
    paths = submitted(tmp_path, *seeds_of("tgan+ode1"), *seeds_of("dvd-gan+convgru", options=option, model=BOTH))
    assert reasons(tmp_path) == {}
    assert not any("a second table" in reason for reason in reasons(tmp_path, "look").values())
    assert "### test-64, class-conditional" in read_submissions(tmp_path).board()
    spoil(paths[7], lambda table: table["model"].update(reconstruction=False))
    assert "some of its seeds say" in reasons(tmp_path, "look")["test-64/dvd-gan+convgru"]
    spoil(paths[7], lambda table: table.pop("model"))
    assert (
        "in class labels: it is not a seed of the same row"
        in reasons(tmp_path)[paths[7].relative_to(tmp_path).as_posix()]
    )
    for path in paths[5:]:
        spoil(path, lambda table: table.pop("model", None))
    question = "its option backbone.conditional is true, but it says that its model is unconditional"
    assert question in reasons(tmp_path, "look")["test-64/dvd-gan+convgru/seed-2.json"]
