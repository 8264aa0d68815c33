"""Cells with a published number alone, and cells that show an existing record: every output has them, and nothing runs for them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from tests.kit.record_files import EXTERNAL, record
from tests.kit.suite_files import ablation_of, cell_text, suite_file
from vidgen_bench.config.track import load_track
from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.ablate import dry_run
from vidgen_bench.experiments.ablate.csv_text import COLUMNS, render_csv
from vidgen_bench.experiments.ablate.json_values import json_values
from vidgen_bench.experiments.ablate.latex import render_latex
from vidgen_bench.experiments.ablate.markdown import render_markdown
from vidgen_bench.experiments.ablate.members import Ablation
from vidgen_bench.experiments.ablate.running import carry_out, make_plans
from vidgen_bench.experiments.ablate.table import AblationTable, ablation_table
from vidgen_bench.experiments.ablate.terminal import render_terminal
from vidgen_bench.host.host import Host
from vidgen_bench.records.record import Record, write_record

CLIPS = {"is": [2.0, 2.2], "fid": [120.0, 124.0]}


def on_smoke(spec: str, **changes) -> Record:
    track = load_track("shapes-smoke")
    return record(spec, track=track.name, ranked=track.ranked, declared=track.declared, **changes)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A suite of a run, a number alone, external clips, a record in a further row, and an unmeasured row; and its records."""
    for name, made in {
        "clips": on_smoke("a-diffusion", scores=CLIPS, **EXTERNAL),
        "old": on_smoke("tgan+ode1", seed=7, scores={"is": [1.5, 1.5], "fid": [300.0, 302.0]}),
        "diverged": on_smoke("tgan+ode2", diverged=True),
        "elsewhere": record("vgan", scores={"is": [1.0, 1.0], "fid": [500.0, 502.0]}),
    }.items():
        write_record(tmp_path / "results" / name / "record.json", made)
    return tmp_path


CELLS = (
    cell_text("run", "tgan+ode1")
    + '[[cells]]\nrow = "paper"\ncolumn = "x"\npublished = { mean = 310.5, std = 2.1, note = "Quoted." }\n'
    + '[[cells]]\nrow = "clips"\ncolumn = "x"\nrecord = "results/clips"\nnote = "Sent by a friend."\n'
    + 'published = { mean = 119.0 }\nalso = [{ record = "results/old/record.json" }]\n'
    + '[[cells]]\nrow = "lost"\ncolumn = "x"\nrecord = "results/diverged"\n'
    + '[[cells]]\nrow = "other"\ncolumn = "x"\nrecord = "results/elsewhere"\n'
)


@pytest.fixture
def ablation(place: Path, host: Host) -> Ablation:
    return ablation_of(suite_file(place, CELLS), host)


@pytest.fixture
def host() -> Host:
    return Host.of_environment()


def table_of(ablation: Ablation, host: Host) -> AblationTable:
    return ablation_table(ablation, [], host.find("metric", ablation.metric).declaration)


def test_only_the_spec_is_run(ablation: Ablation, host: Host) -> None:
    assert [str(job) for job in ablation.jobs] == ["tgan+ode1 seed 0"]
    assert [r.spec for r in ablation.recorded] == ["a-diffusion", "tgan+ode1", "tgan+ode2", "vgan"]


def test_the_table_has_every_kind_of_cell(ablation: Ablation, host: Host) -> None:
    made = table_of(ablation, host)
    shown = {row: ([c.text for c in cell.ours], cell.published) for (row, _), cell in made.cells.items()}
    assert [shown[row][0] for row in made.rows] == [
        ["not run"],
        [],
        ["122.0 ± 2.0", "301.0 ± 1.0"],
        ["diverged"],
        ["501.0 ± 1.0"],
    ]
    assert [getattr(shown[row][1], "text", None) for row in made.rows] == [None, "310.5 ± 2.1", "119", None, None]
    notes = dict(made.footnotes)
    said = {row: [notes[m] for c in made.cells[row, "x"].ours for m in c.marks.split(",") if m] for row in made.rows}
    assert said["clips"][0] == "Sent by a friend."
    assert said["clips"][1].startswith("External: 1,024 clips of clips.npy, measured here and made by another program")
    assert said["clips"][2].endswith("results/old/record.json, seed 7.")
    assert "Ours on the track test-64." in said["other"]
    scale = "In other, x: ours are measured on test-64, not on shapes-smoke, so they are not on the same scale"
    assert any(sentence.startswith(scale) for sentence in made.sentences)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_terminal_and_markdown_show_it(ablation: Ablation, host: Host, width: int) -> None:
    made = table_of(ablation, host)
    stream = io.StringIO()
    Console(file=stream, width=width).print(render_terminal(made, width))
    for text in (stream.getvalue(), render_markdown(made)):
        for part in ("122.0 ± 2.0", "310.5 ± 2.1", "119", "301.0 ± 1.0", "not run", "diverged"):
            assert part in text
    (row,) = [line for line in render_markdown(made).splitlines() if line.startswith("| paper")]
    assert row == "| paper | – | 310.5 ± 2.1<sup>a</sup> |"


def test_latex_has_ours_and_the_published_numbers_in_columns(ablation: Ablation, host: Host) -> None:
    lines = render_latex(table_of(ablation, host)).splitlines()
    rows = [line for line in lines if line.endswith(r"\\")]
    assert {line.count(" & ") for line in rows} == {2}
    assert rows[0] == r" & x & x (published) \\"
    assert any(line.startswith(r"paper & -- & \textit{310.5 $\pm$ 2.1}\textsuperscript{") for line in rows)
    assert any(line.startswith(r"clips & 122.0 $\pm$ 2.0\textsuperscript{b,c} & \textit{119} \\") for line in rows)
    assert any(line.startswith(r" & 301.0 $\pm$ 1.0") for line in rows)
    assert any(line.startswith(r"\par\footnotesize \textsuperscript{b}Sent by a friend.") for line in lines)


def test_csv_has_a_line_per_model_and_published_number(ablation: Ablation) -> None:
    lines = list(csv.DictReader(io.StringIO(render_csv(ablation, []))))
    assert list(lines[0]) == list(COLUMNS)
    assert [(x["row"], x["kind"], x["spec"], x["mean"], x["state"]) for x in lines] == [
        ("run", "run", "tgan+ode1", "", "not run"),
        ("paper", "published", "", "310.5", ""),
        ("clips", "record", "a-diffusion", "122.0", "finished"),
        ("clips", "record", "tgan+ode1", "301.0", "finished"),
        ("clips", "published", "", "119.0", ""),
        ("lost", "record", "tgan+ode2", "", "diverged"),
        ("other", "record", "vgan", "501.0", "finished"),
    ]
    assert [x["seeds"] for x in lines] == ["", "", "", "7", "", "0", "0"]
    assert {x["metric"] for x in lines} == {"fid"}


def test_json_has_the_record_and_its_values(ablation: Ablation, host: Host) -> None:
    made = table_of(ablation, host)
    metric = host.find("metric", "fid").declaration
    table = json.loads(json.dumps(json_values(ablation, [], made, metric)))
    cells = {cell["row"]: cell for cell in table["cells"]}
    assert (cells["paper"]["ours"], cells["paper"]["published"]["mean"]) == ([], 310.5)
    clips, old = cells["clips"]["ours"]
    assert clips["record"].endswith("results/clips/record.json")
    assert (clips["spec"], clips["written"], clips["mean"]) == ("a-diffusion", None, 122.0)
    assert clips["runs"][0]["seed"] is None
    assert (old["runs"][0]["seed"], old["runs"][0]["values"]) == (7, [300.0, 302.0])
    assert table["anchors"]


def test_a_dry_run_lists_what_needs_no_run(ablation: Ablation) -> None:
    plan = dry_run.json_values(ablation, {})
    assert [r["spec"] for r in plan["runs"]] == ["tgan+ode1"]
    assert [(r["spec"], r["cell"]) for r in plan["records"]][:2] == [
        ("a-diffusion", ["clips", "x"]),
        ("tgan+ode1", ["clips", "x"]),
    ]
    assert plan["published_alone"] == [["paper", "x"]]
    stream = io.StringIO()
    Console(file=stream, width=100).print(dry_run.render_terminal(ablation, {}))
    states = [line.split()[-3:] for line in stream.getvalue().splitlines() if line.endswith(", x")]
    assert ["record", "clips,", "x"] in states
    assert ["published", "paper,", "x"] in states


def test_a_suite_may_need_no_run_at_all(place: Path, host: Host) -> None:
    cells = CELLS[CELLS.index("[[cells]]\n", 5) :]
    ablation = ablation_of(suite_file(place, cells), host)
    assert ablation.jobs == ()
    assert make_plans(ablation, host) == {}
    assert list(carry_out(ablation, {}, watch=lambda number, job: pytest.fail("ran"))) == []
    made = table_of(ablation, host)
    assert made.cells["paper", "x"].published
    assert made.head[-1].startswith("FID ↓ · track shapes-smoke ")


def test_models_that_do_not_fit_are_shown_beside_a_published_number(place: Path, host: Host) -> None:
    cells = cell_text("run", "vgan+ode1") + '[[cells]]\nrow = "paper"\ncolumn = "x"\npublished = { mean = 1.0 }\n'
    made = table_of(ablation_of(suite_file(place, cells), host), host)
    assert made.cells["run", "x"].ours[0].text == "does not fit"


@pytest.mark.parametrize(
    ("record_text", "metric", "words"),
    [
        ("results/absent", "fid", ["'a', 'x' (record ", "results/absent", "cannot be read: No such file"]),
        (
            "results/clips",
            "fvd",
            ["'fvd', for which this record has no score", "Did you mean 'fid'?", "It has: is, fid"],
        ),
        ("results/broken", "fid", ["results/broken/record.json is not valid JSON"]),
    ],
)
def test_a_record_that_cannot_stand_in_the_table(
    place: Path, host: Host, record_text: str, metric: str, words: list[str]
) -> None:
    (place / "results" / "broken").mkdir()
    (place / "results" / "broken" / "record.json").write_text("{")
    text = f'metric = "{metric}"\n[[cells]]\nrow = "a"\ncolumn = "x"\nrecord = "{record_text}"\n'
    with pytest.raises(RequestError) as caught:
        ablation_of(suite_file(place, text), host)
    for word in words:
        assert word in str(caught.value)
