"""``vidgen-bench submit``, ``verify`` and ``withdraw``: a result is sent in, checked as text, and withdrawn."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.kit.command import Command
from tests.kit.finished_runs import finished_spec
from tests.kit.submitted_results import seeds_of, spoil, submitted

FOLDER = "leaderboards/test-64/tgan+ode1"


def test_a_result_from_its_runs_to_the_table_and_out_again(command: Command, tmp_path: Path) -> None:
    runs = [*finished_spec(tmp_path / "runs"), *finished_spec(tmp_path / "runs", "tgan+ode2", better=1.0)]
    done = command("submit", *runs)
    assert (done.code, done.err) == (0, "")
    assert f"Wrote: {FOLDER} (seed-0.json, seed-1.json, seed-2.json, seed-3.json, seed-4.json, preview.jpg)" in done.out
    assert "  vidgen-bench verify leaderboards --write\n" in done.out
    assert 'git commit -m "Results of tgan+ode1, tgan+ode2"' in done.out

    assert "README.md: does not exist" in (missing := command("verify")).out
    assert missing.code == 1
    written = command("verify", "leaderboards", "--write")
    assert (written.code, written.err) == (0, "")
    assert "10 records accepted, 0 withdrawn; 0 faults" in written.out
    assert "| 1 | tgan+ode2 |" in (tmp_path / "leaderboards/README.md").read_text()

    shutil.rmtree(tmp_path / "runs")
    table = command("leaderboard")
    assert (table.code, table.err) == (0, "")
    assert " 1  tgan+ode2 " in table.out

    shutil.copytree(tmp_path / "leaderboards", tmp_path / "before")
    gone = command("withdraw", f"{FOLDER}/seed-3.json", "--reason", "trained on the test list")
    assert (gone.code, gone.err) == (0, "")
    assert f"{FOLDER}/seed-3.withdrawn.json" in gone.out
    assert "Then run: vidgen-bench verify leaderboards --write" in gone.out
    assert command("verify").code == 1  # the page is of before
    after = command("verify", "--write", "--base", "before", "--format", "markdown")
    assert after.code == 0
    assert "9 records accepted, 1 withdrawn; 0 faults" in after.out
    table = command("leaderboard")
    assert (table.code, table.err) == (0, "")
    assert "tgan+ode1 is not ranked: seed 3 was withdrawn: trained on the test list." in " ".join(table.out.split())


def test_a_page_that_is_a_link_is_refused_and_not_written_through(command: Command, tmp_path: Path) -> None:
    submitted(tmp_path / "leaderboards", *seeds_of())
    elsewhere, page = tmp_path / "elsewhere.md", tmp_path / "leaderboards/README.md"
    elsewhere.write_text("mine")
    page.symlink_to(elsewhere)
    assert "README.md: is a symbolic link" in command("verify").out
    done = command("verify", "--write")
    assert (done.code, "README.md is a symbolic link; expected a regular file" in done.err) == (2, True)
    assert (page.is_symlink(), elsewhere.read_text()) == (True, "mine")


def test_submit_refuses_with_code_2_and_writes_nothing(command: Command, tmp_path: Path) -> None:
    runs = finished_spec(tmp_path / "runs", count=3)
    done = command("submit", *runs, "--to", "elsewhere")
    assert (done.code, done.out) == (2, "")
    assert "seeds 3, 4 are missing" in done.err
    assert not (tmp_path / "elsewhere").exists()


def test_runs_that_were_started_over_are_left_out_of_a_pattern(command: Command, tmp_path: Path) -> None:
    runs = finished_spec(tmp_path / "runs")
    aside = runs[0].with_name("seed-0.2026-11-30T0915")
    shutil.copytree(runs[0], aside)
    table = command("leaderboard", "--runs", tmp_path / "runs", "--format", "json")
    (ranking,) = json.loads(table.out)["rankings"]
    assert len(ranking["rows"][0]["runs"]) == 5
    named = command("leaderboard", "--runs", aside, "--format", "json")
    assert [run["file"] for run in json.loads(named.out)["rankings"][0]["rows"][0]["runs"]] == [f"{aside}/record.json"]
    done = command("submit", *sorted(runs[0].parent.glob("seed-*")))
    assert (done.code, done.err) == (0, "")
    assert f"Left out: {aside} was started over, and another run has its place.\n" in done.out
    assert "seed-4.json" in done.out
    alone = command("submit", aside / "record.json")
    assert alone.code == 2
    assert "All of these runs were started over." in alone.err


def test_verify_lists_every_fault_with_code_1(command: Command, tmp_path: Path) -> None:
    paths = submitted(tmp_path / "leaderboards", *seeds_of())
    spoil(paths[0], lambda t: t.update(spec="tgan+<script>"))
    spoil(paths[1], lambda t: t["plugins"][0].update(version="\x1b[2J"))
    (tmp_path / FOLDER / "evil.py").write_text("raise SystemExit")
    text = command("verify", "--write")
    assert (text.code, text.err) == (1, "")
    assert text.out.count("WRONG") == 4  # and the missing seeds 0 and 1
    assert "\x1b" not in text.out
    page = command("verify", "--format", "markdown", "--output", "report.md")
    assert page.code == 1
    report = (tmp_path / "report.md").read_text()
    assert "<script>" not in report.replace("\\<script>", "")
    page_text = (tmp_path / "leaderboards/README.md").read_text()
    assert "script" not in page_text
    assert "seeds 2, 3, 4; self-reported" in page_text


def test_verify_names_a_removed_record(command: Command, tmp_path: Path) -> None:
    submitted(tmp_path / "before", *seeds_of())
    submitted(tmp_path / "leaderboards", *seeds_of("tgan+ode2"))
    command("verify", "--write")
    done = command("verify", "--base", "before")
    assert done.code == 1
    assert done.out.count("was removed. Withdraw it instead") == 5


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["verify", "absent"], "absent is not a folder"),
        (["verify", "--base", "absent"], "is not a folder"),
        (["withdraw", "absent.json", "--reason", "x"], "is not a submitted record"),
        (["withdraw", "seed-1.json", "--reason", "x"], "does not exist"),
        (["submit", "absent"], "absent does not exist"),
    ],
)
def test_a_wrong_request_has_code_2(command: Command, arguments: list[str], reason: str) -> None:
    done = command(*arguments)
    assert (done.code, done.out) == (2, "")
    assert reason in done.err


UNUSED = {
    "--track": ("mine.toml", "--track needs --rerun FILE"),
    "--until": ("100", "--until needs --rerun FILE"),
    "--runs": ("elsewhere", "--runs needs --rerun FILE"),
    "--data": ("videos", "--data needs --rerun FILE or --recompute RUN"),
    "--splits": ("lists", "--splits needs --rerun FILE or --recompute RUN"),
    "--device": ("cpu", "--device needs --recompute RUN"),
}


@pytest.mark.parametrize("option", UNUSED)
def test_verify_refuses_an_option_of_a_repetition(command: Command, tmp_path: Path, option: str) -> None:
    submitted(tmp_path / "leaderboards", *seeds_of())
    value, reason = UNUSED[option]
    done = command("verify", option, value)
    assert (done.code, done.out) == (2, "")
    assert reason in done.err


@pytest.mark.parametrize("option", [["--base", "before"], ["--format", "markdown"], ["--write"], ["--output", "x.md"]])
@pytest.mark.parametrize("task", ["--rerun", "--recompute"])
def test_a_repetition_refuses_an_option_of_the_check(command: Command, option: list[str], task: str) -> None:
    done = command("verify", task, "absent", *option)
    assert (done.code, done.out) == (2, "")
    assert f"{option[0]} has no effect with {task}. Leave it out" in done.err


@pytest.mark.parametrize(
    ("task", "option"),
    [("--rerun", ["--device", "cpu"]), ("--recompute", ["--track", "mine"]), ("--recompute", ["--runs", "x"])],
)
def test_a_repetition_refuses_an_option_of_the_other(command: Command, task: str, option: list[str]) -> None:
    done = command("verify", task, "absent", *option)
    assert (done.code, done.out) == (2, "")
    assert (
        f"{option[0]} needs {'--recompute RUN' if task == '--rerun' else '--rerun FILE'}; nothing else uses it"
        in done.err
    )


def test_verify_imports_no_plugin_and_no_numerics(command: Command, tmp_path: Path) -> None:
    submitted(tmp_path / "leaderboards", *seeds_of())
    start = (
        "import atexit, sys, json\n"
        "names = ('torch', 'numpy', 'scipy', 'PIL', 'vidgen_backbones', 'vidgen_temporal', 'vidgen_pairings', 'vidgen_bench.host.host')\n"
        "atexit.register(lambda: print(json.dumps([n for n in names if n in sys.modules])))\n"
        "from vidgen_bench.cli.main import main; main()"
    )
    done = command.spawn("verify", "--write", start=start)
    assert done.code == 0, done.err
    assert json.loads(done.out.splitlines()[-1]) == []


def test_printed_commands_are_quoted(command: Command, tmp_path: Path) -> None:
    done = command("submit", *finished_spec(tmp_path / "runs"), "--to", "my results")
    assert "  vidgen-bench verify 'my results' --write\n  git add 'my results'\n" in done.out
    assert "Run: vidgen-bench verify 'my results' --write" in command("verify", "my results").out
    gone = command("withdraw", "my results/test-64/tgan+ode1/seed-3.json", "--reason", "wrong data")
    assert "Then run: vidgen-bench verify 'my results' --write" in gone.out
