"""``vidgen-bench leaderboard`` on real files."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.kit.command import Command
from tests.kit.record_files import METRICS, SHORT, STAMP, record, write
from tests.kit.submitted_results import submitted
from vidgen_bench.leaderboard.render.csv_text import COLUMNS


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two rows of five seeds of one track, and one row of the same track with another budget."""
    rows = [
        *(record("tgan+ode1", s, scores={"is": [3.0, 3.2], "fid": [250.0 + s, 252.0]}) for s in range(5)),
        *(record("tgan+conv1d", s, scores={"is": [3.0, 3.2], "fid": [310.0 + s, 312.0]}) for s in range(5)),
        *(record("tgan+sde", s, declared=SHORT, track="test-64~iterations=5") for s in range(5)),
    ]
    write(tmp_path / "runs", *rows)
    return tmp_path / "runs"


def test_no_records_is_a_friendly_line(command: Command) -> None:
    done = command("leaderboard")
    assert (done.code, done.err) == (0, "")
    assert done.out == EMPTY


EMPTY = "No records in runs, leaderboards. Create one with: vidgen-bench run tgan+ode2\n"


@pytest.mark.parametrize("name", ["leaderboards", "copied"])
def test_a_folder_of_submitted_results_may_lie_anywhere(command: Command, tmp_path: Path, name: str) -> None:
    submitted(tmp_path / "elsewhere" / name, *(record("tgan+ode1", s) for s in range(5)))
    (tmp_path / "elsewhere" / name / "errata.toml").touch()
    done = command("leaderboard", "--runs", tmp_path / "elsewhere" / name, "--format", "json")
    assert (done.code, done.err) == (0, "")
    (ranking,) = json.loads(done.out)["rankings"]
    assert [row["spec"] for row in ranking["rows"]] == ["tgan+ode1"]


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("table", EMPTY),
        ("markdown", EMPTY),
        ("report", EMPTY),
        ("latex", f"% {EMPTY}"),
        ("csv", ",".join(COLUMNS) + "\n"),
        ("json", None),
    ],
)
def test_no_records_is_a_file_with_what_the_terminal_shows(
    command: Command, tmp_path: Path, layout: str, text: str | None
) -> None:
    shown = command("leaderboard", "--format", layout)
    assert (shown.code, shown.err) == (0, "")
    done = command("leaderboard", "--format", layout, "--output", "board.txt")
    assert (done.code, done.out, done.err) == (0, "Wrote board.txt\n", "")
    written = (tmp_path / "board.txt").read_text()
    assert written == shown.out
    if text is None:
        assert json.loads(written)["rankings"] == []
    else:
        assert written == text


def test_a_page_without_records_is_a_page(command: Command, tmp_path: Path) -> None:
    done = command("leaderboard", "--format", "html", "--output", "board.html")
    assert (done.code, done.out, done.err) == (0, "Wrote board.html\n", "")
    assert "No records. Create one with: vidgen-bench run tgan+ode2" in (tmp_path / "board.html").read_text()


def test_an_invalid_file_is_on_the_page_and_the_code_is_2(command: Command, runs: Path) -> None:
    (runs / "record.json").write_bytes(b"\x00")
    done = command("leaderboard", "--format", "html", "--output", "board.html")
    assert done.code == 2
    page = (runs.parent / "board.html").read_text()
    assert "1 invalid file" in page
    assert "runs/record.json is not valid JSON" in page
    assert 'data-k="tgan+ode1"' in page


@pytest.mark.usefixtures("runs")
def test_rows_of_different_budgets_are_not_ranked_together(command: Command) -> None:
    done = command("leaderboard")
    assert (done.code, done.err) == (0, "")
    first, second = done.out.split(" test-64~iterations=5")
    assert " 1  tgan+ode1 " in first
    assert " 2  tgan+conv1d " in first
    assert "tgan+sde" not in first
    assert " 1  tgan+sde " in second
    for part in (first, second):
        assert "real (ceiling)" in part
        assert "noise (floor)" in part


@pytest.mark.usefixtures("runs")
def test_one_track_only(command: Command) -> None:
    done = command("leaderboard", "--track", "test-64~iterations=5")
    assert "tgan+sde" in done.out
    assert "tgan+ode1" not in done.out


@pytest.mark.usefixtures("runs")
def test_an_unknown_track_gets_the_nearest(command: Command) -> None:
    done = command("leaderboard", "--track", "test-46")
    assert (done.code, done.out) == (2, "")
    assert "There are no records of a track named 'test-46'. Did you mean 'test-64'?" in done.err


def test_several_folders_and_the_shipped_one(command: Command, tmp_path: Path) -> None:
    write(tmp_path / "a", record("tgan+a"))
    write(tmp_path / "b", record("tgan+b"))
    submitted(tmp_path / "leaderboards", record("tgan+c"))
    write(tmp_path / "runs", record("tgan+d"))
    out = command("leaderboard", "--runs", "a", "--runs", "b").out
    assert all(name in out for name in ("tgan+a", "tgan+b", "tgan+c"))
    assert "tgan+d" not in out
    assert "tgan+d" in command("leaderboard").out


def test_a_folder_that_is_not_there(command: Command) -> None:
    done = command("leaderboard", "--runs", "rnus")
    assert (done.code, done.out) == (2, "")
    assert "--runs rnus: no such folder." in done.err


def test_an_invalid_record_is_reported_the_rest_is_shown_and_the_code_is_2(command: Command, runs: Path) -> None:
    broken = write(runs / "more", record("tgan+broken", seed=9))[0]
    table = json.loads(broken.read_text())
    table["scores"]["fid"]["mean"] = 1.0
    broken.write_text(json.dumps(table))
    (runs / "more" / "record.json").write_bytes(b"\x00\xff")
    done = command("leaderboard")
    assert done.code == 2
    assert " 1  tgan+ode1 " in done.out
    assert "tgan+broken" not in done.out
    assert done.err.count("error: The record ") == 2
    assert "scores.fid: mean 1.0" in done.err
    assert "runs/more/record.json is not valid JSON" in done.err


def test_a_protocol_that_is_none_hides_no_other_record(command: Command, runs: Path) -> None:
    broken = write(runs / "more", record("tgan+broken", seed=9))[0]
    table = json.loads(broken.read_text())
    table["protocols"]["x"] = {"protocol": {}, "instrument": "i", "sha256": "", "real": ""}
    broken.write_text(json.dumps(table))
    done = command("leaderboard")
    assert done.code == 2
    assert " 1  tgan+ode1 " in done.out
    assert "internal error" not in done.err
    assert "protocols.x.protocol: this is not a valid protocol: name: this key is missing" in done.err


def test_extra_metrics_of_another_distribution_have_a_column(command: Command, tmp_path: Path) -> None:
    kid = {"title": "KID", "better": "lower", "protocol": STAMP.id, "extra": True}
    made = [
        record(seed=s, metrics={**METRICS, "kid": kid}, scores={"is": [3.0], "fid": [9.0], "kid": [float(s)]})
        for s in range(2)
    ]
    plugins = made[1].plugins
    theirs = tuple(p.model_copy(update={"distribution": "evil-kid"}) if p.name == "kid" else p for p in plugins)
    write(tmp_path / "runs", made[0], made[1].model_copy(update={"plugins": theirs}))
    shown = command("leaderboard", "--extra").out
    assert "KID ↓ (evil-kid)" in shown
    assert "KID ↓ (evil-kid): measured by kid of evil-kid." in shown
    assert "KID" not in command("leaderboard").out


def test_only_invalid_records(command: Command, tmp_path: Path) -> None:
    write(tmp_path / "runs", record())[0].write_text("[]")
    done = command("leaderboard")
    assert (done.code, done.out) == (2, "")
    assert "is not valid" in done.err


def test_json_has_the_faults_too(command: Command, runs: Path) -> None:
    (runs / "record.json").write_text("{")
    done = command("leaderboard", "--format", "json")
    assert done.code == 2
    board = json.loads(done.out)
    assert len(board["rankings"]) == 2
    assert "is not valid JSON" in board["faults"][0]


@pytest.mark.usefixtures("runs")
def test_markdown_and_csv(command: Command) -> None:
    markdown = command("leaderboard", "--format", "markdown").out
    assert markdown.startswith("### test-64\n")
    assert "| 1 | tgan+ode1 |" in markdown
    lines = list(csv.DictReader(io.StringIO(command("leaderboard", "--format", "csv").out)))
    assert [(line["metric"], line["spec"]) for line in lines if line["kind"] == "row"] == [
        (m, spec) for specs in (["tgan+ode1", "tgan+conv1d"], ["tgan+sde"]) for m in ("is", "fid") for spec in specs
    ]


@pytest.mark.usefixtures("runs")
def test_columns_and_order_are_the_readers(command: Command, tmp_path: Path) -> None:
    done = command("leaderboard", "--format", "csv", "--columns", "spec,metric,mean", "--track", "test-64")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == "spec,metric,mean"
    assert "tgan+ode1,fid,252.0" in done.out
    listed = command("leaderboard", "--sort", "spec", "--columns", "spec,fid,rank", "--track", "test-64").out
    assert listed.index("tgan+conv1d") < listed.index("tgan+ode1")
    assert [line.split()[-1] for line in listed.splitlines() if line.startswith("tgan+") and "±" in line] == ["2", "1"]
    command("leaderboard", "--format", "latex", "--sort", "spec", "--output", "board.tex")
    text = (tmp_path / "board.tex").read_text()
    assert text.index("\ntgan+conv1d &") < text.index("\ntgan+ode1 &")


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--columns", "spec,fit"], "--columns: there is no column 'fit'. Did you mean 'fid'?"),
        (["--format", "csv", "--columns", "spec,meen"], "--columns: there is no column 'meen'. Did you mean 'mean'?"),
        (["--sort", "device_hours"], "Did you mean 'device-hours'?"),
        (
            ["--sort", "fid", "--format", "json"],
            "--format json has no --sort; expected --format table, markdown, latex, csv.",
        ),
        (["--columns", "fid", "--output", "board.html"], "--format html has no --columns"),
        (["--compare", "tgan+ode1", "tgan+conv1d", "--sort", "fid"], "--compare has no --sort"),
    ],
)
def test_wrong_columns(command: Command, arguments: list[str], words: str) -> None:
    done = command("leaderboard", *arguments)
    assert done.code == 2
    assert words in done.err
    assert done.out == ""


def test_formats_for_machines_are_valid_without_records(command: Command) -> None:
    assert json.loads(command("leaderboard", "--format", "json").out)["rankings"] == []
    assert command("leaderboard", "--format", "csv").out.startswith("track,kind,spec,")


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("layout", ["table", "json", "markdown", "csv", "latex", "report"])
def test_output_writes_the_same_to_a_file(command: Command, tmp_path: Path, layout: str) -> None:
    printed = command("leaderboard", "--format", layout).out
    done = command("leaderboard", "--format", layout, "--output", "out/board")
    assert (done.code, done.out) == (0, "Wrote out/board\n")
    written = (tmp_path / "out" / "board").read_text()
    assert [line.rstrip() for line in written.splitlines()] == [line.rstrip() for line in printed.splitlines()]
    assert "\x1b" not in written
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["board"]


@pytest.mark.usefixtures("runs")
def test_the_end_of_the_output_s_name_chooses_the_format(command: Command, tmp_path: Path) -> None:
    for name, layout in {
        "a.HTML": "html",
        "a.md": "markdown",
        "a.tex": "latex",
        "a.csv": "csv",
        "a.json": "json",
    }.items():
        assert command("leaderboard", "--output", name).code == 0
        assert command("leaderboard", "--output", "other", "--format", layout).code == 0
        assert (tmp_path / name).read_bytes() == (tmp_path / "other").read_bytes(), name
    assert command("leaderboard", "--output", "a.html", "--format", "csv").code == 0
    assert (tmp_path / "a.html").read_text().startswith("track,kind,spec,")


@pytest.mark.usefixtures("runs")
def test_output_that_cannot_be_written_exits_with_1(command: Command, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file, not a folder")
    done = command("leaderboard", "--output", "out/board")
    assert (done.code, done.out) == (1, "")
    assert "out/board could not be written" in done.err


@pytest.mark.usefixtures("runs")
def test_two_rows_are_compared(command: Command) -> None:
    done = command("leaderboard", "--compare", "tgan+ode1", "tgan+conv1d", "--metric", "fid")
    assert (done.code, done.err) == (0, "")
    assert "tgan+ode1 is better" in done.out
    assert "-60.00 FID" in done.out
    assert "IS" not in done.out
    assert len(json.loads(command("leaderboard", "--compare", "tgan+ode1", "tgan+conv1d", "--format", "json").out)) == 2


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--compare", "tgan+ode1", "tgan+sde"], "no table has both rows"),
        (["--compare", "tgan+ode1", "tgan+convld"], "Did you mean 'tgan+conv1d'"),
        (["--compare", "tgan+ode1", "tgan+conv1d", "--format", "csv"], "--compare has no --format csv"),
        (["--metric", "fid"], "--metric fid needs --compare A B"),
    ],
)
def test_wrong_comparisons(command: Command, arguments: list[str], words: str) -> None:
    done = command("leaderboard", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


@pytest.mark.usefixtures("runs")
def test_ranks_within_a_backbone(command: Command) -> None:
    (first, _) = json.loads(command("leaderboard", "--within", "backbone", "--format", "json").out)["rankings"]
    assert first["family"] == "backbone"
    assert "all pairs of each backbone" in " ".join(first["notes"])


@pytest.mark.usefixtures("runs")
def test_ten_records_are_shown_without_heavy_imports(command: Command) -> None:
    start = (
        "import sys; from vidgen_bench.cli.main import main\ntry: main()\nfinally: "
        "print(sorted({'torch', 'numpy', 'scipy'} & sys.modules.keys()), file=sys.stderr)"
    )
    for arguments in ([], ["--compare", "tgan+ode1", "tgan+conv1d"], ["--format", "latex"]):
        assert command.spawn("leaderboard", *arguments, start=start).err.strip() == "[]"


def test_a_comparison_beside_an_invalid_record_exits_with_2(command: Command, runs: Path) -> None:
    (runs / "more").mkdir()
    (runs / "more" / "record.json").write_text("{")
    done = command("leaderboard", "--compare", "tgan+ode1", "tgan+conv1d")
    assert done.code == 2
    assert "tgan+ode1 is better" in done.out
    assert "is not valid JSON" in done.err


def test_the_known_errors_of_the_searched_folder_count(command: Command, tmp_path: Path) -> None:
    root = tmp_path / "leaderboards"
    submitted(root, *(record("tgan+ode1", s, scores={"is": [3.0] * 4, "fid": [250.0 + s] * 4}) for s in range(5)))
    version = next(p.version for p in record().plugins if p.kind == "metric" and p.name == "fid")
    entry = f'[[errata]]\nversions = ["{version}"]\nmetric = "fid"\nprotocol = "*"\nreason = "the divisor was n"\n'
    assert "known to be wrong" not in command("leaderboard", "--format", "markdown").out
    (root / "errata.toml").write_text(entry)
    done = command("leaderboard", "--format", "markdown")
    assert (done.code, done.err) == (0, "")
    assert "tgan+ode1: FID is known to be wrong and not ranked: the divisor was n" in done.out
    (root / "errata.toml").write_text("[[errata]\n")
    done = command("leaderboard", "--format", "markdown")
    assert done.code == 2
    assert "errata leaderboards/errata.toml is not valid TOML" in done.err
