"""``vidgen-bench runs``: list, show, rm, plot and diff as a user calls them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.kit.command import Command
from tests.kit.record_files import EXTERNAL, record
from tests.kit.run_states import TRACE, begun_run, damaged_run, finished_run, traced
from tests.kit.safe_text import check_json, check_text
from vidgen_bench.experiments.run.folder import RunFolder

HEAVY = "import atexit, sys; atexit.register(lambda: print('heavy:', sorted({'torch', 'numpy', 'matplotlib'} & set(sys.modules))));"
EVIL = "a\x1b[31mb\u202e"


@pytest.fixture
def runs(command: Command) -> Path:
    """A folder of runs in every state."""
    runs = command.folder / "runs"
    finished_run(runs, traced())
    finished_run(runs, traced(seed=1))
    finished_run(runs, traced("tgan+ode2:equal", diverged=True))
    finished_run(runs, record("clips", **EXTERNAL), "test-64/clips")
    begun_run(
        runs / "test-64/tgan+sde/seed-0",
        TRACE[:1],
        state="stopped",
        iteration=150,
        share=0.4,
        attempt=1,
        message="stopped by SIGTERM",
    )
    begun_run(
        runs / "test-64/tgan+gru/seed-0", state="failed", iteration=7, share=0.1, attempt=3, message=f"disk full {EVIL}"
    )
    damaged_run(runs / "other-track/tgan/seed-0")
    return runs


@pytest.fixture
def narrow(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns."""
    real = monkeypatch.setenv
    monkeypatch.setattr(monkeypatch, "setenv", lambda name, value: real(name, "80" if name == "COLUMNS" else value))


def test_the_list_has_a_row_per_run(command: Command, runs: Path, narrow: None) -> None:
    done = command("runs")
    assert (done.code, done.err) == (0, "")
    check_text(done.out)
    assert max(map(len, done.out.splitlines())) <= 80
    rows = {line.split()[0]: line.split()[1:] for line in done.out.splitlines() if "/seed-" in line and ":" not in line}
    assert rows["tgan+ode1/seed-1"][:4] == ["done", "275.0", "250.0", "311.2"]
    assert rows["tgan+ode2.equal/seed-0"][:2] == ["diverged", "275.0"]
    assert rows["tgan+sde/seed-0"][:3] == ["stopped", "40%", "320.0"]
    assert rows["tgan+gru/seed-0"][:2] == ["failed", "10%"]
    assert rows["tgan/seed-0"][0] == "damaged"
    assert "tgan+gru/seed-0: disk full a\\x1b[31mb\\u202e" in done.out
    assert "tgan/seed-0: The record" in done.out
    assert " ".join(done.out.split()).rpartition("7 runs: ")[2].startswith("1 damaged, 3 done, ")


def test_the_list_as_json(command: Command, runs: Path) -> None:
    found = check_json(command("runs", "--json").out)
    states = {one["name"]: one["state"] for one in found}
    assert states["test-64/tgan+ode1/seed-0"] == "done"
    assert len(states) == 7
    (one,) = [one for one in found if one["name"] == "test-64/tgan+sde/seed-0"]
    assert (one["metric"], one["last"], one["final"], one["share"]) == ("fid", 320.0, None, 0.4)


def test_no_run_at_all_says_how_to_start_one(command: Command) -> None:
    done = command("runs")
    assert (done.code, done.out) == (0, "There are no runs below runs. Start one: vidgen-bench run tgan+ode2\n")
    assert json.loads(command("runs", "--json").out) == []
    done = command("runs", "--runs", "rnus")
    assert (done.code, done.err) == (2, "error: --runs rnus: there is no such folder.\n")


def test_the_folder_may_be_named_before_or_behind_the_subcommand(command: Command, runs: Path) -> None:
    runs.rename(command.folder / "mine")
    for arguments in (["--runs", "mine", "show", "ode1/1"], ["show", "tgan+ode1/1", "--runs", "mine"]):
        arguments = [word.replace("ode1/1", "tgan+ode1/1") if word == "ode1/1" else word for word in arguments]
        assert command("runs", *arguments).out.startswith("test-64/tgan+ode1/seed-1  done\n")


@pytest.mark.parametrize("start", [["runs"], ["runs", "show", "tgan+ode1/0"]])
def test_no_torch_is_imported(command: Command, runs: Path, start: list[str]) -> None:
    done = command.spawn(*start, start=HEAVY + "from vidgen_bench.cli.main import main; main()")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1] == "heavy: []"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tgan+ode1/0", ["iteration 400 of 400, 100% of the budget; best at 200", "311.25 ± 2.59", "200 *"]),
        ("tgan+ode2:equal", ["diverged", "275.0"]),
        ("clips", ["clips (external)"]),
        ("tgan+sde", ["stopped by SIGTERM", "attempt 1 on node3 cpu", "temporal.order=1"]),
        ("tgan+gru", ["disk full a\\x1b[31mb\\u202e"]),
        ("other-track", ["damaged", "The record", "record.json"]),
    ],
)
def test_every_state_can_be_shown(command: Command, runs: Path, name: str, words: list[str]) -> None:
    done = command("runs", "show", name)
    assert (done.code, done.err) == (0, "")
    check_text(done.out)
    assert not [word for word in words if word not in done.out]
    assert check_json(command("runs", "show", name, "--json").out)["files"] >= 1


def test_a_wrong_name_and_a_name_of_several(command: Command, runs: Path) -> None:
    done = command("runs", "show", "tgan+ode1/9")
    assert done.code == 2
    assert "Did you mean 'tgan+ode1' or 'tgan+ode1/seed-1'?" in done.err
    assert "stands for 2 runs" in command("runs", "show", "tgan+ode1").err


def test_rm_asks_and_removes(command: Command, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = command("runs", "rm", "tgan+ode1")
    assert done.code == 2
    assert "Pass --yes" in done.err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    for answer, left in (("\n", True), ("no\n", True), ("y\n", False)):
        monkeypatch.setattr(sys.stdin, "readline", lambda answer=answer: answer, raising=False)
        done = command("runs", "rm", "tgan+ode1")
        assert done.code == 0
        assert "Remove 2 runs, " in done.err
        assert (runs / "test-64/tgan+ode1").exists() == left
    assert done.out.count("Removed test-64/tgan+ode1/seed-") == 2


def test_rm_keeps_what_a_process_holds_and_removes_the_others(command: Command, runs: Path) -> None:
    with RunFolder(runs / "test-64/tgan+ode1/seed-0").locked():
        done = command("runs", "rm", "tgan+ode1", "--yes")
    assert done.code == 75
    assert "seed-0 is being used by process" in done.err
    assert (runs / "test-64/tgan+ode1/seed-0/record.json").exists()
    assert not (runs / "test-64/tgan+ode1/seed-1").exists()


def test_rm_refuses_a_run_elsewhere_before_it_removes_anything(command: Command, runs: Path) -> None:
    begun_run(command.folder / "elsewhere" / "seed-0")
    done = command("runs", "rm", "tgan+ode1", "elsewhere/seed-0", "--yes")
    assert (done.code, "is not below the folder of runs" in done.err) == (2, True)
    assert (runs / "test-64/tgan+ode1/seed-0").exists()


def test_plot_writes_a_picture_and_warns_where_runs_differ(command: Command, runs: Path) -> None:
    done = command("runs", "plot", "tgan+ode1", "tgan+ode2.equal", "--output", "scores.svg")
    assert (done.code, done.out, done.err) == (0, "Wrote scores.svg\n", "")
    assert (command.folder / "scores.svg").read_text().startswith("<?xml")
    done = command("runs", "plot", "tgan+ode1", "tgan+sde", "-o", "scores.png", "--metric", "fid")
    assert done.code == 0
    request = json.loads((runs / "test-64/tgan+sde/seed-0/request.json").read_text())
    (runs / "test-64/tgan+sde/seed-0/request.json").write_text(json.dumps(request | {"data": "other"}))
    assert (
        "warning: These runs were measured on different clips"
        in command("runs", "plot", "tgan+ode1", "tgan+sde", "-o", "b.png").err
    )


def test_plot_without_matplotlib_names_the_command_that_installs_it(command: Command, runs: Path) -> None:
    start = "import sys; sys.modules['matplotlib'] = None; import importlib.util as u; found = u.find_spec;"
    start += "u.find_spec = lambda name, *more: None if name == 'matplotlib' else found(name, *more);"
    done = command.spawn(
        "runs", "plot", "tgan+ode1", "-o", "a.png", start=start + "from vidgen_bench.cli.main import main; main()"
    )
    assert done.code == 2
    assert (
        done.err
        == "error: Pictures need matplotlib, which is not installed; install it with: pip install 'vidgen-bench[plot]'\n"
    )


def test_diff_shows_what_differs(command: Command, runs: Path) -> None:
    done = command("runs", "diff", "tgan+ode1/0", "tgan+ode1/1")
    assert done.code == 0
    assert "run: 1 different, 3 equal" in done.out
    assert [line.split() for line in done.out.splitlines() if line.strip().startswith("seed")] == [["seed", "0", "1"]]
    assert "options: 2 equal" in done.out
    found = check_json(command("runs", "diff", "tgan+ode1/0", "tgan+sde", "--json").out)
    assert found["second"] == "test-64/tgan+sde/seed-0"
    assert "backbone.width" in found["options"]["different"]
    assert "scores: B has none" in command("runs", "diff", "tgan+ode1/0", "tgan+sde").out
    assert command("runs", "diff", "tgan+ode1/0", "other-track").code == 2


def test_hostile_folders_show_nothing_but_texts(command: Command) -> None:
    runs = command.folder / "runs"
    folder = begun_run(runs / "track\x1b[31m" / "spec\u202e" / "seed-0", TRACE)
    (folder / "file\x1b]0;x\x07").write_text("")
    os.symlink("/etc/passwd", folder / "log.txt")
    for arguments in (
        ["runs"],
        ["runs", "--json"],
        ["runs", "show", str(folder)],
        ["runs", "show", str(folder), "--json"],
    ):
        done = command(*arguments)
        assert done.code == 0, done.err
        check_text(done.out)
    done = command("runs", "rm", str(folder), "--yes")
    assert done.code == 0, done.err
    check_text(done.out)
    assert not list(runs.iterdir())
