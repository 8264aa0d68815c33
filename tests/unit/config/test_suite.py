"""Suites: the shipped tables against the published numbers, grids, and mistakes told with their place."""

from __future__ import annotations

import csv
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from tests.kit.record_files import EXTERNAL, record
from vidgen_bench.config.cell import Cell
from vidgen_bench.config.suite import Suite, load_suite, shipped_suites
from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.ablate.members import expand
from vidgen_bench.experiments.run.plan import Request
from vidgen_bench.host.host import Host
from vidgen_bench.records.record import write_record

ROOT = Path(__file__).resolve().parents[3]

TOML = """
name = "mine"
rows = ["own", "ode"]
columns = ["TGAN", "MoCoGAN"]

[[cells]]
row = "own"
column = "TGAN"
spec = "tgan"

[[cells]]
row = "ode"
column = "TGAN"
spec = "tgan+ode1"
set = { temporal = { hidden = 64 } }
published = { mean = 15.2, std = 0.26 }

[[cells]]
row = "ode"
column = "MoCoGAN"
spec = "mocogan+ode1"
"""


@pytest.fixture
def own(tmp_path: Path):
    """Write the suite above, changed by replacements, and load it."""

    def load(*changes: tuple[str, str]) -> Suite:
        text = TOML
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        (tmp_path / "own.toml").write_text(text)
        return load_suite(str(tmp_path / "own.toml"))

    return load


def test_the_papers_tables_ship_under_their_names() -> None:
    assert shipped_suites() == [f"paper-table-{n}" for n in (1, 2, 3, 4)]
    assert [load_suite(name).name for name in shipped_suites()] == shipped_suites()


SYSTEMS = {
    "original": "{} original",
    "single layer": "{}-ODE single layer",
    "two layers": "{}-ODE two layers",
    "equal parameters": "{}-ODE equal parameters",
    "1st order": "{}-ODE 1st order",
    "2nd order": "{}-ODE 2nd order",
    "3rd order": "{}-ODE 3rd order",
    "SDE": "{}-SDE",
}
"""What the list of published numbers calls the row of a table."""


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_every_published_number_is_the_papers_and_none_is_left_out(shared: Path, number: int) -> None:
    with (shared / "facts" / "published.csv").open(newline="") as stream:
        listed = [r for r in csv.DictReader(stream) if "Gordon" in r["source"]]
    paper = {
        r["system"]: (float(r["mean"]), float(r["std"])) for r in listed if r["source"].endswith(f"Table {number}")
    }
    suite = load_suite(f"paper-table-{number}")
    ours = {SYSTEMS[c.row].format(c.column): (c.published.mean, c.published.std) for c in suite.cells if c.published}
    assert len(ours) == len(suite.cells)
    assert ours == paper
    shown = {r["metric"].split()[0].lower() for r in listed if r["source"].endswith(f"Table {number}")}
    assert shown == {suite.metric}


def test_what_was_quoted_or_measured_at_another_size_says_so() -> None:
    for name in ("paper-table-3", "paper-table-4"):
        notes = {c.row: c.published.note for c in load_suite(name).cells if c.column == "TGANv2" and c.published}
        assert "192x192" in notes["original"]
        assert "quoted" in notes["original"]
        assert "192x192" in notes["1st order"]


def test_the_default_track_is_that_of_run(own) -> None:
    assert own().track == load_suite("tgan x ode1").track == Request("tgan").track


def test_options_may_be_tables_or_dotted_keys(own) -> None:
    assert own().cells[1].set_ == {"temporal.hidden": 64}
    dotted = ("{ temporal = { hidden = 64 } }", '{ "temporal.hidden" = 64 }')
    assert own(dotted).cells[1].set_ == {"temporal.hidden": 64}


def test_rows_and_columns_are_those_of_the_cells_where_none_are_given(own) -> None:
    suite = own(('rows = ["own", "ode"]\n', ""), ('columns = ["TGAN", "MoCoGAN"]\n', ""))
    assert suite.rows == ("own", "ode")
    assert suite.columns == ("TGAN", "MoCoGAN")


def test_a_track_file_is_found_beside_the_suite(own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    suite = own(
        ('name = "mine"', 'name = "mine"\ntrack = "mine-track.toml"'),
        ('spec = "tgan"', 'spec = "tgan"\ntrack = "large.toml"\nalso = [{ spec = "tgan+sde" }]'),
        ('spec = "mocogan+ode1"', 'spec = "mocogan+ode1"\ntrack = "shapes-64"'),
    )
    assert suite.track == str(tmp_path / "mine-track.toml")
    large = str(tmp_path / "large.toml")
    assert [(m.spec, m.track) for m in suite.cells[0].models] == [("tgan", large), ("tgan+sde", large)]
    assert suite.cells[2].track == "shapes-64"


def test_a_cell_may_have_a_record_or_a_published_number_alone(own, tmp_path: Path) -> None:
    suite = own(
        (
            'spec = "tgan"\n',
            'record = "../elsewhere"\nalso = [{ record = "/abs/record.json" }, { spec = "tgan+sde" }]\n',
        ),
        ('spec = "mocogan+ode1"', "published = { mean = 9.7, std = 0.1 }"),
    )
    first, _, last = suite.cells
    assert [(m.spec, m.record) for m in first.models] == [
        (None, str(tmp_path / "../elsewhere")),
        (None, "/abs/record.json"),
        ("tgan+sde", None),
    ]
    assert last.models == ()


@pytest.mark.parametrize(
    ("text", "specs"),
    [
        ("tgan,mocogan x ode1,sde", ["tgan+ode1", "mocogan+ode1", "tgan+sde", "mocogan+sde"]),
        (" tgan ,  mocogan × own , ode1:equal ", ["tgan", "mocogan", "tgan+ode1:equal", "mocogan+ode1:equal"]),
        ("tgan,vgan", ["tgan", "vgan"]),
        ("tgan", ["tgan"]),
    ],
)
def test_a_grid_is_every_backbone_with_every_temporal_generator(text: str, specs: list[str]) -> None:
    suite = load_suite(text, {"tgan", "mocogan"})
    assert [c.spec for c in suite.cells] == specs
    assert {(c.row, c.column) for c in suite.cells} == {(r, c) for r in suite.rows for c in suite.columns}


def test_a_grid_in_a_file(own) -> None:
    cells = TOML[TOML.index("rows") :]
    suite = own((cells, 'seeds = [0, 3]\n[grid]\nbackbones = ["tgan"]\ntemporal = ["own", "ode2"]\n'))
    assert [(c.row, c.column, c.spec) for c in suite.cells] == [
        ("own G_t", "tgan", "tgan"),
        ("ode2", "tgan", "tgan+ode2"),
    ]
    assert suite.seeds == (0, 3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ("spec =", "spek ="),
            ["cells.0.spek: unknown key. Did you mean 'spec'?"],
        ),
        (("columns", "colums"), ["colums: unknown key. Did you mean 'columns'?"]),
        (("mean = 15.2", "meen = 15.2"), ["cells.1.published.meen: unknown key. Did you mean 'mean'?"]),
        (("mean = 15.2", 'mean = "high"'), ["cells.1.published.mean", "valid number", "found 'high'"]),
        (("std = 0.26", "std = -0.26"), ["cells.1.published.std", "greater than or equal to 0"]),
        (('"tgan+ode1"', '"tgan ode1"'), ["cells.1.spec", "'tgan ode1' is not a valid spec"]),
        (("{ temporal = { hidden = 64 } }", "{ hidden = 64 }"), ["cells.1.set", "expected backbone.OPTION"]),
        (("{ temporal = { hidden = 64 } }", '"temporal.hidden=64"'), ["cells.1.set", "valid dictionary"]),
        (('row = "ode"', 'row = "od"'), ["cells.1: its row 'od' is not in rows. Did you mean 'ode'?"]),
        (('column = "TGAN"', 'column = "VGAN"'), ["cells.0: its column 'VGAN' is not in columns."]),
        (
            ("{ temporal = { hidden = 64 } }", '{ temporal = { hidden = 64 }, "temporal.hidden" = 3 }'),
            ["cells.1.set: temporal.hidden: given twice"],
        ),
        (('row = "ode"', 'row = "own"'), ["cells.1: second cell in row 'own', column 'TGAN'"]),
        (('["own", "ode"]', '["own", "ode", "sde"]'), ["rows: 'sde' has no cell"]),
        (('["own", "ode"]', '["own", "ode", "own"]'), ["rows: 'own' is given twice"]),
        (('name = "mine"', 'name = "mine"\nseeds = [1, 1]'), ["seeds: 1 is given twice"]),
        (('name = "mine"', 'name = "mine"\nseeds = ["1"]'), ["seeds.0", "valid integer"]),
        (('name = "mine"', 'name = "mine"\nbudget = { iteration = 3 }'), ["budget.iteration", "'iterations'"]),
        (('name = "mine"', 'name = "My suite"'), ["name 'My suite'", "lower-case"]),
        (('name = "mine"', 'name = "mine'), ["is not valid TOML"]),
        (('spec = "tgan"\n', ""), ["cells.0: a cell needs spec", "record (to show a result) or published (a number)"]),
        (('spec = "tgan"', 'spec = "tgan"\nrecord = "r"'), ["cells.0: it has both spec and record"]),
        (('spec = "tgan"', 'record = "r"\nset = { temporal.hidden = 3 }'), ["cells.0: set: options belong to a spec"]),
        (('spec = "tgan"', 'record = "r"\ntrack = "shapes-64"'), ["cells.0: track: only a spec runs on a track"]),
        (('spec = "tgan"', 'record = ""'), ["cells.0.record", "at least 1 character"]),
        (('spec = "tgan"', 'published = { mean = 3 }\nnote = "x"'), ["cells.0: note: there is no number of ours"]),
        (
            ('spec = "tgan"', 'published = { mean = 3 }\nalso = [{ spec = "tgan" }]'),
            ["cells.0: also: it is for further models"],
        ),
        (
            ('spec = "tgan"', 'spec = "tgan"\nalso = [{ note = "x" }]'),
            ["cells.0.also.0: this model has neither spec nor record"],
        ),
        (("[[cells]]", '[grid]\nbackbones = ["tgan"]\n[[cells]]'), ["a [grid] defines the rows"]),
        ((TOML[TOML.index("[[cells]]") :], ""), ["a suite needs [[cells]], or a [grid]"]),
    ],
    ids=lambda value: value[0][:60] if isinstance(value, list) else "",
)
def test_mistakes_are_told_with_their_place(own, change: tuple[str, str], words: list[str]) -> None:
    with pytest.raises(RequestError) as caught:
        own(change)
    for word in ["own.toml", *words]:
        assert word in str(caught.value)
    assert "Value error" not in str(caught.value)
    assert "found {" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("paper-tabel-1", "There is no suite or backbone named 'paper-tabel-1'. Did you mean 'paper-table-1'?"),
        ("tgam", "Did you mean 'tgan'?"),
        ("tgan,tgan", "'tgan' is given twice"),
        ("tgan x ode1,ode1", "'ode1' is given twice"),
        ("tgan x ode1 x sde", "expected BACKBONES x TEMPORAL GENERATORS"),
        ("tgan x", "expected BACKBONES x TEMPORAL GENERATORS"),
        ("tgan,,mocogan", "expected BACKBONES x TEMPORAL GENERATORS"),
        ("tgan+ode1,mocogan", "'tgan+ode1' is not a valid backbone name"),
        ("tgan x ode1+sde", "'ode1+sde' is not a valid temporal generator"),
        ("absent.toml", "The suite file absent.toml cannot be read: No such file"),
    ],
)
def test_what_is_neither_suite_nor_grid(text: str, words: str) -> None:
    with pytest.raises(RequestError) as caught:
        load_suite(text, {"tgan", "mocogan"})
    assert words in str(caught.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\x00\xff\xfe")
    with pytest.raises(RequestError, match=r"binary\.toml is not valid TOML"):
        load_suite(str(tmp_path / "binary.toml"))


PAGE = (ROOT / "docs" / "suites.md").read_text()

KEYS = (
    "name",
    "title",
    "reference",
    "track",
    "metric",
    "seeds",
    "budget",
    "set",
    "protocol",
    "notes",
    "rows",
    "columns",
)


def test_the_files_of_the_page_are_suites_that_fit_together(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 3
    write_record(tmp_path / "runs" / "shapes-smoke" / "friend" / "record.json", record("friend", **EXTERNAL))
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.toml"
        path.write_text(block)
        suite = load_suite(str(path))
        ablation = expand(suite, Request(spec=""), None, suite.seeds, Host.of_environment())
        assert not [m.misfit for m in ablation.members if m.misfit]
    whole, _, beside = map(tomllib.loads, blocks)
    assert set(whole) == {*KEYS, "cells"}
    assert set().union(*whole["cells"], *beside["cells"]) == {f.alias or name for name, f in Cell.model_fields.items()}


def test_the_example_is_a_suite_that_fits_together() -> None:
    (name,) = re.findall(r"\(examples/([\w-]+\.toml)\)", PAGE)
    suite = load_suite(str(ROOT / "docs" / "examples" / name))
    ablation = expand(suite, Request(spec=""), None, suite.seeds, Host.of_environment())
    assert not [m.misfit for m in ablation.members if m.misfit]
    assert len(ablation.jobs) == 2 * 9


@pytest.mark.parametrize("line", re.findall(r"^vidgen-bench ablate (.*)$", PAGE, re.MULTILINE))
def test_the_commands_of_the_page_name_suites_that_exist(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    words = shlex.split(line)
    named = words[: next((i for i, word in enumerate(words) if word.startswith("--")), len(words))]
    suite = load_suite(" ".join(named), {"tgan", "mocogan"})
    track = words[words.index("--track") + 1] if "--track" in words else None
    assert expand(suite, Request(spec=""), track, (0,), Host.of_environment()).jobs
